// Real servers for a test: Apache Kafka and PostgreSQL on free ports with
// their own data, started, killed and restarted by the test.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer, connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { bin, root, run } from "./platform.mjs";
import { Program, lastLogLines } from "./process.mjs";

// Why a server cannot be had: the test is then skipped.
export class Unavailable extends Error {}

export function skipUnlessHad(error) {
  if (!(error instanceof Unavailable)) throw error;
  console.log(`skipped: ${error.message}`);
  process.exit(77);
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function accepts(port, program, what, timeoutMs = 60_000) {
  const giveUp = Date.now() + timeoutMs;
  for (;;) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true) || socket.destroy());
      socket.once("error", () => resolve(false));
    });
    if (open) return;
    if (program.exit || Date.now() > giveUp) {
      throw new Error(`${what} does not listen on port ${port}:\n${lastLogLines(program.log)}`);
    }
    await sleep(100);
  }
}

export class Kafka {
  static async create(dir) {
    let jars;
    try {
      jars = execFileSync(join(root, "tests/support/kafka/fetch"), ["--offline"], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
    } catch (error) {
      throw new Unavailable(String(error.stderr || error).trim());
    }
    const kafka = new Kafka();
    kafka.dir = join(dir, "kafka");
    mkdirSync(kafka.dir);
    kafka.port = await freePort();
    const controller = await freePort();
    kafka.config = join(kafka.dir, "server.properties");
    writeFileSync(kafka.config, [
      "process.roles=broker,controller",
      "node.id=1",
      `controller.quorum.voters=1@127.0.0.1:${controller}`,
      `listeners=PLAINTEXT://127.0.0.1:${kafka.port},CONTROLLER://127.0.0.1:${controller}`,
      `advertised.listeners=PLAINTEXT://127.0.0.1:${kafka.port}`,
      "controller.listener.names=CONTROLLER",
      "inter.broker.listener.name=PLAINTEXT",
      "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
      `log.dirs=${join(kafka.dir, "data")}`,
      "auto.create.topics.enable=false",
      "offsets.topic.replication.factor=1",
      "offsets.topic.num.partitions=5",
      "transaction.state.log.replication.factor=1",
      "transaction.state.log.min.isr=1",
      "group.initial.rebalance.delay.ms=0",
      "group.min.session.timeout.ms=1000",
      "broker.session.timeout.ms=2000",
      "broker.heartbeat.interval.ms=500",
      "log.cleaner.dedupe.buffer.size=8388608",
      "share.coordinator.state.topic.replication.factor=1",
      "share.coordinator.state.topic.min.isr=1",
      "",
    ].join("\n"));
    kafka.classpath = ["-cp", `${jars}/*`];
    execFileSync("java", ["-Xmx128m", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=ERROR", ...kafka.classpath, "kafka.tools.StorageTool", "format", "-t", "bWlsbHJhY2UtdGVzdC0wMQ", "-c", kafka.config], { stdio: "pipe" });
    await kafka.start();
    return kafka;
  }

  get brokers() {
    return `127.0.0.1:${this.port}`;
  }

  async start() {
    const log = join(this.dir, "kafka.log");
    this.program = new Program("kafka", "setpriv", ["--pdeathsig", "KILL", "--", "java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=WARN", ...this.classpath, "kafka.Kafka", this.config], { log });
    await accepts(this.port, this.program, "Apache Kafka");
  }

  // Gives the broker the topics of the contracts, as who deploys does.
  async applyContracts(...args) {
    const settings = ["--set", "bus.transport=kafka", "--set", "bus.kafka.replication_factor=1", "--kafka-brokers", this.brokers];
    return run("millrace", join(bin, "millrace"), ["contracts", "apply", ...settings, ...args]);
  }

  kill() {
    return this.program.kill("SIGKILL");
  }
}

export class Postgres {
  static async create(dir) {
    const base = "/usr/lib/postgresql";
    const version = existsSync(base) && readdirSync(base).map(Number).filter((v) => existsSync(`${base}/${v}/bin/initdb`)).sort((a, b) => b - a)[0];
    if (!version) throw new Unavailable("PostgreSQL: no server in /usr/lib/postgresql; install postgresql ('tools/dev setup' does)");
    const postgres = new Postgres();
    postgres.bin = `${base}/${version}/bin`;
    postgres.dir = join(dir, "postgres");
    mkdirSync(postgres.dir);
    postgres.port = await freePort();
    postgres.prefix = ["--pdeathsig", "KILL"];
    if (process.getuid() === 0) {
      // Root may not run PostgreSQL.
      postgres.prefix.push("--reuid", "postgres", "--regid", "postgres", "--clear-groups");
      execFileSync("chown", ["postgres:postgres", postgres.dir]);
      chmodSync(dir, 0o755);
    }
    execFileSync("setpriv", [...postgres.prefix, "--", `${postgres.bin}/initdb`, "-D", join(postgres.dir, "data"), "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"], { stdio: "pipe", cwd: postgres.dir });
    await postgres.start();
    return postgres;
  }

  async start() {
    const log = join(this.dir, "postgres.log");
    this.program = new Program("postgres", "setpriv", [...this.prefix, "--", `${this.bin}/postgres`, "-D", join(this.dir, "data"), "-p", String(this.port), "-c", "listen_addresses=127.0.0.1", "-k", this.dir], { log });
    await accepts(this.port, this.program, "PostgreSQL");
    for (let i = 0; ; ++i) {
      try {
        this.sql("SELECT 1");
        return;
      } catch (error) {
        if (i === 300) throw error;
        await sleep(100);
      }
    }
  }

  sql(statement, database = "postgres") {
    return execFileSync(`${this.bin}/psql`, ["-h", "127.0.0.1", "-p", String(this.port), "-U", "postgres", "-d", database, "-XAtqc", statement], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  }

  createDatabase(name) {
    this.sql(`CREATE DATABASE ${name}`);
    return this.url(name);
  }

  url(name) {
    return `postgresql://postgres@127.0.0.1:${this.port}/${name}`;
  }

  // The postmaster and its children, as a power cut of the program would.
  kill() {
    return this.program.kill("SIGKILL");
  }

  stop() {
    return this.program.kill("SIGINT");
  }
}
