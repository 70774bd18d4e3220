// The main job on the stack as it is deployed: real containers, the published
// ports, the generated TypeScript and Python clients. Meanwhile a process of
// each service and the broker are killed, users is scaled to three, and
// everything is upgraded to another image. Then the stack asks who calls
// (IDENTITY=on), and the job goes on with a token.
// Usage: node compose.mjs [people] [seed]
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { eventually, rejects } from "../e2e/lib/expect.mjs";
import { checkAll, createAll } from "../e2e/lib/main_job.mjs";
import { people } from "../e2e/lib/people.mjs";
import { bin, root } from "../e2e/lib/platform.mjs";
import { endPython, PythonFace, TypeScriptFace } from "./generated.mjs";

const [count = 300, seed = 20263] = process.argv.slice(2).map(Number);
const SERVICES = ["users", "admin", "templates"];
const project = `millracetest${process.pid}`;
const images = [`${project}:one`, `${project}:two`];
const execute = promisify(execFile);

// Ports that are likely to be free; the engine says when one is not.
const base = 20_000 + (process.pid * 60) % 10_000;
const ports = Object.fromEntries(SERVICES.flatMap((name, i) => ["HTTP", "GRPC"].map((face, j) => {
  const first = base + (2 * i + j) * 10;
  return [`${name.toUpperCase()}_${face}_PORTS`, `${first}-${first + 9}`];
})));

let identity = "off";
const env = (image) => ({
  ...process.env, ...ports, COMPOSE_PROJECT_NAME: project, MILLRACE_IMAGE: image, KAFKA_SESSION_TIMEOUT: "6s", IDENTITY: identity,
});
const docker = (...args) => execFileSync("docker", args, { encoding: "utf8" }).trim();
const stack = (image, ...args) => execute(join(root, "deploy/compose/stack"), args, { env: env(image), maxBuffer: 1 << 26 });

const containers = (service) =>
  docker("ps", "-q", "--filter", `label=com.docker.compose.project=${project}`, "--filter", `label=com.docker.compose.service=${service}`)
    .split("\n").filter(Boolean);

// The clients of every container that runs, taken in turn; with `trust` what
// they show and whom they believe.
let clients = {};
let trust = {};
function lookUp() {
  for (const name of SERVICES) {
    const address = (id, port) => docker("port", id, port).split("\n")[0];
    clients[name] = containers(name).flatMap((id) => {
      try {
        const at = { ...trust, grpc: address(id, "9090"), http: address(id, "8080") };
        return [{ typescript: new TypeScriptFace(at), python: new PythonFace(at) }];
      } catch {
        return [];  // between two restarts it has no port
      }
    });
  }
  clients.sessions = clients.users;
}
let turn = 0;
const client = (language) => ({
  call: (service, ...rest) => clients[service][turn++ % clients[service].length][language].call(service, ...rest),
});
const typescript = client("typescript");
const python = client("python");
// As createAll() names them.
const both = { grpc: typescript, http: python };

// What is there is found by either client.
async function check(everybody, besides = []) {
  for (const [name, face] of Object.entries({ typescript, python })) {
    console.log(`checked by ${name} ${JSON.stringify(await checkAll(everybody, face, { idleMs: 60_000, besides }))}`);
  }
}

// As a crash: the engine is not asked, and its restart policy brings it back.
async function crash(service) {
  const [id] = containers(service);
  process.kill(Number(docker("inspect", "-f", "{{.State.Pid}}", id)), "SIGKILL");
  await eventually(`${service} is restarted and healthy`, () => {
    const [restarts, health] = docker("inspect", "-f", "{{.RestartCount}} {{.State.Health.Status}}", id).split(" ");
    return Number(restarts) > 0 && health === "healthy";
  }, 180_000);
  lookUp();
}

async function timed(what, work) {
  const begin = Date.now();
  await work();
  console.log(`${what}: ${((Date.now() - begin) / 1000).toFixed(1)} s`);
}

async function main() {
  await timed("two images", async () => {
    for (const image of images) {
      execFileSync(join(root, "deploy/docker/images"), [image], { stdio: "inherit", env: { ...process.env, MILLRACE_BIN: bin } });
    }
  });
  await timed("up and healthy", () => stack(images[0], "up"));
  for (const name of SERVICES) {
    const [id] = containers(name);
    assert.equal(docker("inspect", "-f", "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}", id), "10001:10001 true [ALL]");
  }
  lookUp();

  const everybody = people(count, seed);
  const incidents = [
    [0.1, "templates killed", () => crash("templates")],
    [0.25, "users killed", () => crash("users")],
    [0.4, "the broker killed", () => crash("kafka")],
    [0.55, "users scaled to three", async () => {
      await stack(images[0], "up", "--scale", "users=3");
      assert.equal(containers("users").length, 3);
      lookUp();
    }],
    [0.75, "upgraded", async () => {
      await stack(images[1], "up", "--scale", "users=3");
      lookUp();
    }],
  ];
  let mending = Promise.resolve();
  const strike = (n) => {
    while (incidents.length > 0 && n > incidents[0][0] * count) {
      const [, what, run] = incidents.shift();
      mending = mending.then(() => timed(what, run));
    }
  };
  await timed("people created", async () => {
    await createAll(everybody, () => both, strike, 4);
    await mending;
  });
  assert.equal(incidents.length, 0);
  for (const name of SERVICES) {
    for (const id of containers(name)) assert.equal(docker("inspect", "-f", "{{.Config.Image}}", id), images[1]);
  }
  await check(everybody);
  await withIdentity(everybody);
}

const ROOT = "root@example.org";
const password = "correct horse battery";

// The first administrator, as deploy/README.md has it: the ticket.
async function bootstrap() {
  const secret = join(root, "deploy/compose/secrets/users_password");
  const { stdout } = await stack(images[1], "run", "--rm", "--no-deps", "-T",
    "-v", `${secret}:/run/secrets/users_password:ro`,
    "-e", "MILLRACE_DATABASES_USERS_URL=postgresql://users@postgres:5432/users",
    "-e", "MILLRACE_DATABASES_USERS_PASSWORD_FILE=/run/secrets/users_password",
    "--entrypoint", "/usr/local/bin/millrace", "admin_schema",
    "admin", "bootstrap", ROOT, "--set", "databases.admin.url=postgresql://admin@postgres:5432/admin");
  return /"ticket": "([^"]+)"/.exec(stdout)[1];
}

// The same people and some more, in a stack that asks who calls.
async function withIdentity(everybody) {
  const ticket = await bootstrap();
  identity = "on";
  await timed("asks who calls", () => stack(images[1], "up"));
  const caFile = join(root, "deploy/compose/secrets/ca.crt");
  trust = { caFile, ca: readFileSync(caFile, "utf8") };
  lookUp();
  // TypeScript calls by gRPC and by HTTP in turn.
  for (const face of [typescript, typescript, python]) {
    await rejects(face.call("users", "ListUsers"), "UNAUTHENTICATED");
    await rejects(face.call("users", "CreateUser", everybody[0]), "UNAUTHENTICATED");
  }
  await typescript.call("sessions", "SetPassword", { ticket, new_password: password });
  // What a token says is what has been heard of the grant.
  await eventually("a token that says what its owner may", async () => {
    const { access_token: token } = await python.call("sessions", "Login", { email: ROOT, password });
    trust = { ...trust, token };
    lookUp();
    return python.call("users", "ListUsers").then(() => true, (error) => {
      if (error.code !== "PERMISSION_DENIED") throw error;
    });
  });
  const others = people(40, seed + 1).map((person) => ({ ...person, email: `b.${person.email}` }));
  await timed("people created with a token", () => createAll(others, () => both, () => {}, 4));
  await check([...everybody, ...others], [ROOT]);
}

try {
  await main();
} catch (error) {
  console.log(error);
  const { stdout } = await stack(images[0], "logs", "--no-color", "--tail", "30").catch((e) => e);
  console.log(stdout);
  process.exitCode = 1;
} finally {
  endPython();
  await timed("down", () => stack(images[0], "down", "-v", "--remove-orphans", "-t", "20"));
  docker("image", "rm", "-f", ...images);
  assert.equal(docker("ps", "-aq", "--filter", `label=com.docker.compose.project=${project}`), "");
}
