// The stack of deploy/compose on the Docker engine that answers, as a project
// and on ports of its own.
import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { eventually } from "../e2e/lib/expect.mjs";
import { bin, root } from "../e2e/lib/platform.mjs";

export const SERVICES = ["users", "admin", "templates"];
export const project = `millracetest${process.pid}`;
const execute = promisify(execFile);

// Eighty ports that are likely to be free; the engine says when one is not. The
// stack has the first sixty.
export const base = 20_000 + (process.pid * 80) % 10_000;
const ports = Object.fromEntries(SERVICES.flatMap((name, i) => ["HTTP", "GRPC"].map((face, j) => {
  const first = base + (2 * i + j) * 10;
  return [`${name.toUpperCase()}_${face}_PORTS`, `${first}-${first + 9}`];
})));

export const docker = (...args) => execFileSync("docker", args, { encoding: "utf8" }).trim();

// deploy/compose/stack with `args`, all services of `image`, which `settings`
// of deploy/compose/.env may go with.
export function stack(image, settings, ...args) {
  const env = { ...process.env, ...ports, COMPOSE_PROJECT_NAME: project, MILLRACE_IMAGE: image, KAFKA_SESSION_TIMEOUT: "6s", ...settings };
  return execute(join(root, "deploy/compose/stack"), args, { env, maxBuffer: 1 << 26 });
}

// The image of the programs that were built.
export function makeImage(tag) {
  execFileSync(join(root, "deploy/docker/images"), [tag], { stdio: "inherit", env: { ...process.env, MILLRACE_BIN: bin } });
}

export const containers = (service, of = project) =>
  docker("ps", "-q", "--filter", `label=com.docker.compose.project=${of}`, "--filter", `label=com.docker.compose.service=${service}`)
    .split("\n").filter(Boolean);

// Where a container's port is found on this machine.
export const address = (id, port) => docker("port", id, port).split("\n")[0];

// As a crash: the engine is not asked, and its restart policy brings it back.
export async function crash(service, of = project) {
  const [id] = containers(service, of);
  process.kill(Number(docker("inspect", "-f", "{{.State.Pid}}", id)), "SIGKILL");
  await eventually(`${service} is restarted and healthy`, () => {
    const [restarts, health] = docker("inspect", "-f", "{{.RestartCount}} {{.State.Health.Status}}", id).split(" ");
    return Number(restarts) > 0 && health === "healthy";
  }, 180_000);
}

export async function timed(what, work) {
  const begin = Date.now();
  await work();
  console.log(`${what}: ${((Date.now() - begin) / 1000).toFixed(1)} s`);
}

// Runs a test; when it fails, what the stack has logged is printed. Nothing of
// it is left: neither containers nor data nor `images`.
export async function run(main, images, end = () => {}) {
  try {
    await main();
  } catch (error) {
    console.log(error);
    const { stdout } = await stack(images[0], {}, "logs", "--no-color", "--tail", "30").catch((e) => e);
    console.log(stdout);
    process.exitCode = 1;
  } finally {
    await end();
    await timed("down", () => stack(images[0], {}, "down", "-v", "--remove-orphans", "-t", "20"));
    docker("image", "rm", "-f", ...images);
    const left = docker("ps", "-aq", "--filter", `label=com.docker.compose.project=${project}`);
    if (left !== "") throw new Error(`containers are left: ${left}`);
  }
}
