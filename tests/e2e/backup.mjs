// A backup is made while the platform runs and people are created and changed:
// a second platform starts from it, and has everything that was acknowledged
// before the backup began, each change once in a trail that verifies. A third
// starts from one that is made of what a killed process has left.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { GrpcFace } from "./lib/clients.mjs";
import { DatabaseLoad } from "./lib/database_load.mjs";
import { cases, eventually } from "./lib/expect.mjs";
import { settled } from "./lib/main_job.mjs";
import { bin, run, scratch, startAllInOne } from "./lib/platform.mjs";

const FILES = ["admin.db", "bus.db", "templates.db", "users.db"];

const dir = scratch("backup");
const data = join(dir, "data");
const millrace = (...args) => run("millrace", join(bin, "millrace"), args);
const backUp = (to, ...args) => millrace("backup", to, "--data", data, ...args);
// A directory for a platform of its own, that starts from the backup there.
const place = (name) => {
  mkdirSync(join(dir, name));
  return join(dir, name, "data");
};
const mode = (file) => (statSync(file).mode & 0o777).toString(8);
const verify = async (...where) => {
  const { code, stdout, stderr } = await millrace("audit", "verify", ...where);
  assert.equal(code, 0, stdout + stderr);
};

let { program, grpc } = await startAllInOne(dir);
const face = new GrpcFace(grpc);
const load = new DatabaseLoad(face, 8);

// All that was acknowledged before is there, and what is there is whole.
async function startFrom(name, acknowledged) {
  await verify("--database", `sqlite://${join(dir, name, "data", "admin.db")}?mode=ro`);
  const started = await startAllInOne(join(dir, name));
  const restored = new GrpcFace(started.grpc);
  const found = await load.check((ask, count) => settled(ask, count, 30_000), restored, acknowledged);
  console.log(name, JSON.stringify(found));
  await verify("--grpc", started.grpc);
  restored.close();
  assert.equal((await started.program.kill("SIGTERM")).code, 0);
}

await cases({
  async "a backup is made while people are created and changed"() {
    writeFileSync(join(data, "own.key"), "secret", { mode: 0o440 });
    const to = place("running");
    await eventually("people", () => load.done >= 300, 60_000);
    load.before = load.acknowledged();
    const done = load.done;
    const { code, stdout, stderr } = await backUp(to);
    assert.equal(code, 0, stderr);
    for (const file of FILES) assert.match(stdout, new RegExp(`^${file}  \\d+ bytes$`, "m"));
    assert.deepEqual(readdirSync(to).sort(), [...FILES, "own.key"].sort());
    for (const file of FILES) assert.equal(mode(join(to, file)), "600", file);
    assert.equal(mode(join(to, "own.key")), "440");
    assert.equal(mode(to), "700");
    // Nobody was told of it.
    await eventually("more people", () => load.done >= done + 100, 60_000);
    assert.equal(load.failed, 0, `${[...load.failures.keys()]}`);
  },
  async "what is there already is left alone"() {
    const { code, stderr } = await backUp(join(dir, "running", "data"));
    assert.equal(code, 1);
    assert.match(stderr, /is there already; name a directory that is not, or is empty/);
    const first = await millrace("backup", "--data", data, join(dir, "x"));
    assert.equal(first.code, 2);
    assert.match(first.stderr, /name the directory first: millrace backup DIR/);
  },
  "a platform starts from it": () => startFrom("running", load.before),
  async "a platform starts from a backup of what a killed process has left"() {
    load.stopped = true;
    await Promise.all(load.callers);
    assert.deepEqual(load.wrong, []);
    const acknowledged = load.acknowledged();
    await program.kill("SIGKILL");
    const { code, stderr } = await backUp(place("killed"));
    assert.equal(code, 0, stderr);
    await startFrom("killed", acknowledged);
  },
  async "databases that are no files are refused, with what to use"() {
    const { code, stderr } = await backUp(join(dir, "x"), "--set", "databases.users.url=postgresql://u@host/users");
    assert.equal(code, 1);
    assert.match(stderr, /the database of users is postgresql:\/\/host\/users: back it up by pg_dump/);
  },
});
face.close();
