// The program of before on a schema of now: after an upgrade is rolled back, it
// starts where migrations have only added, does its work there, and the newer
// one goes on with all of it. Where a migration has taken something away it
// refuses, and says why.
// Usage: node rolled_back.mjs [postgres]       default: SQLite
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { GrpcFace, HttpFace } from "./lib/clients.mjs";
import { cases } from "./lib/expect.mjs";
import { checkAll, createAll } from "./lib/main_job.mjs";
import { people } from "./lib/people.mjs";
import { bin, run, scratch, start } from "./lib/platform.mjs";
import { Postgres, skipUnlessHad } from "./lib/servers.mjs";

const SERVICES = ["users", "admin", "templates"];
const dir = scratch("rolled-back");
const env = {};
let postgres;
if (process.argv[2] === "postgres") {
  postgres = await Postgres.create(dir).catch(skipUnlessHad);
  for (const name of SERVICES) env[`MILLRACE_DATABASES_${name.toUpperCase()}_URL`] = postgres.createDatabase(name);
}
const args = ["--data", join(dir, "data"), "--http-port", "0", "--grpc-port", "0"];
// Of its services' migrations the older program lacks so many.
const older = (leaveOut) => [join(bin, "../tests/older_program"), args, { env: { ...env, LEAVE_OUT: String(leaveOut) } }];
const newer = [join(bin, "millrace"), ["up", ...args], { env }];

const everybody = people(90, 20264);
const done = [];
async function workWith([file, flags, options], log) {
  const { program, http, grpc } = await start(log, file, flags, { ...options, log: join(dir, `${log}.log`) });
  const faces = { grpc: new GrpcFace(grpc), http: new HttpFace(http) };
  const some = everybody.slice(done.length, done.length + 30);
  await createAll(some, () => faces, () => {});
  done.push(...some);
  await checkAll(done, faces.grpc);
  faces.grpc.close();
  assert.equal((await program.kill("SIGTERM")).code, 0);
  return [...program.lines, ...program.errors].join("\n");
}

await cases({
  "the newer program": () => workWith(newer, "newer"),
  async "the one before it, on what was only added to"() {
    const said = await workWith(older(1), "older");
    // Of each service, once.
    for (const name of SERVICES) {
      const told = said.split("\n").filter((line) =>
        line.includes("the schema is of a newer program; this one may run on it") && line.includes(`"module":"${name}"`));
      assert.equal(told.length, 1, `${name}\n${said}`);
    }
  },
  async "one of before that, on what was taken away"() {
    // The one that knows admin's first migration alone: the second takes away.
    const known = readdirSync(new URL("../../services/admin/migrations", import.meta.url)).length;
    const [file, flags, options] = older(known - 1);
    const { code, stderr } = await run("older", file, flags, options);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /the database of admin, .*schema of module admin: the database is at version \d+ \(\w+\), which programs from version 2 on may run on, and this program knows 1; run a newer program, or restore the database/);
  },
  "the newer program again": () => workWith(newer, "newer again"),
});
await postgres?.stop();
