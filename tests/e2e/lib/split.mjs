// The platform as three processes, on a real broker and a real database.
import { join } from "node:path";

import { GrpcFace, HttpFace } from "./clients.mjs";
import { bin, root, start } from "./platform.mjs";
import { freePort } from "./servers.mjs";

export const SERVICES = ["users", "admin", "templates"];

export class Split {
  // `extra`: more environment variables, for all of them.
  constructor(dir, kafka, postgres, extra = {}) {
    Object.assign(this, { dir, kafka, postgres, extra, running: {}, ports: {} });
  }

  async start() {
    for (const name of SERVICES) {
      this.ports[name] = { http: await freePort(), grpc: await freePort() };
      this.postgres?.createDatabase(name);
    }
    const applied = await this.kafka.applyContracts();
    if (applied.code !== 0) throw new Error(`contracts apply: ${applied.stdout}\n${applied.stderr}`);
    await Promise.all(SERVICES.map((name) => this.boot(name)));
    // One client for all: each service is called at its own address.
    const faces = Object.fromEntries(SERVICES.map((name) => [name, {
      grpc: new GrpcFace(`127.0.0.1:${this.ports[name].grpc}`),
      http: new HttpFace(`127.0.0.1:${this.ports[name].http}`),
    }]));
    const face = (kind) => ({
      call: (service, ...rest) => faces[service][kind].call(service, ...rest),
      close: () => SERVICES.forEach((name) => faces[name][kind].close()),
    });
    this.faces = { grpc: face("grpc"), http: face("http") };
  }

  // The environment that points the deployed configuration at this test's
  // servers.
  environment(name) {
    const env = {
      MILLRACE_HTTP_PORT: String(this.ports[name].http),
      MILLRACE_GRPC_PORT: String(this.ports[name].grpc),
      MILLRACE_HTTP_HOST: "127.0.0.1",
      MILLRACE_GRPC_HOST: "127.0.0.1",
      MILLRACE_DATA_DIR: join(this.dir, `data-${name}`),
      MILLRACE_BUS_KAFKA_BROKERS: this.kafka.brokers,
      MILLRACE_BUS_KAFKA_REPLICATION_FACTOR: "1",
      MILLRACE_BUS_KAFKA_SESSION_TIMEOUT: "6s",
      MILLRACE_BUS_KAFKA_MEMBER_ID: `${name}-1`,
    };
    env[`MILLRACE_DATABASES_${name.toUpperCase()}_URL`] = this.postgres.url(name);
    if (name !== "users") env.MILLRACE_REMOTE_USERS = `127.0.0.1:${this.ports.users.grpc}`;
    return { ...env, ...this.extra };
  }

  async boot(name) {
    const { program } = await start(name, join(bin, name), ["--config", join(root, `deploy/config/${name}.yaml`)], {
      env: this.environment(name),
      log: join(this.dir, `${name}.log`),
    });
    this.running[name] = program;
  }

  async crash(name) {
    await this.running[name].kill("SIGKILL");
    await this.boot(name);
  }

  async stop() {
    this.faces.grpc.close();
    const ends = await Promise.all(SERVICES.map((name) => this.running[name].kill("SIGTERM")));
    for (const [i, { code }] of ends.entries()) {
      if (code !== 0) throw new Error(`SIGTERM ended ${SERVICES[i]} with code ${code}`);
    }
  }
}
