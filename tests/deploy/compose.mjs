// The main job on the stack as it is deployed: real containers, the published
// ports. Meanwhile a process of each service and the broker are killed, users
// is scaled to three, and everything is upgraded to another image.
// Usage: node compose.mjs [people] [seed]
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { GrpcFace, HttpFace } from "../e2e/lib/clients.mjs";
import { eventually } from "../e2e/lib/expect.mjs";
import { checkAll, createAll } from "../e2e/lib/main_job.mjs";
import { people } from "../e2e/lib/people.mjs";
import { bin, root } from "../e2e/lib/platform.mjs";

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

const env = (image) => ({ ...process.env, ...ports, COMPOSE_PROJECT_NAME: project, MILLRACE_IMAGE: image, KAFKA_SESSION_TIMEOUT: "6s" });
const docker = (...args) => execFileSync("docker", args, { encoding: "utf8" }).trim();
const stack = (image, ...args) => execute(join(root, "deploy/compose/stack"), args, { env: env(image), maxBuffer: 1 << 26 });

const containers = (service) =>
  docker("ps", "-q", "--filter", `label=com.docker.compose.project=${project}`, "--filter", `label=com.docker.compose.service=${service}`)
    .split("\n").filter(Boolean);

// The faces of every container that runs, taken in turn.
let faces = {};
function lookUp() {
  close();
  for (const name of SERVICES) {
    const address = (id, port) => docker("port", id, port).split("\n")[0];
    faces[name] = containers(name).flatMap((id) => {
      try {
        return [{ grpc: new GrpcFace(address(id, "9090")), http: new HttpFace(address(id, "8080")) }];
      } catch {
        return [];  // between two restarts it has no port
      }
    });
  }
}
function close() {
  for (const list of Object.values(faces)) for (const { grpc } of list) grpc.close();
}
let turn = 0;
const face = (kind) => ({
  call: (service, ...rest) => faces[service][turn++ % faces[service].length][kind].call(service, ...rest),
});
const both = { grpc: face("grpc"), http: face("http") };

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
  console.log(`checked ${JSON.stringify(await checkAll(everybody, both.grpc, { idleMs: 60_000 }))}`);
}

try {
  await main();
} catch (error) {
  console.log(error);
  const { stdout } = await stack(images[0], "logs", "--no-color", "--tail", "30").catch((e) => e);
  console.log(stdout);
  process.exitCode = 1;
} finally {
  close();
  await timed("down", () => stack(images[0], "down", "-v", "--remove-orphans", "-t", "20"));
  docker("image", "rm", "-f", ...images);
  assert.equal(docker("ps", "-aq", "--filter", `label=com.docker.compose.project=${project}`), "");
}
