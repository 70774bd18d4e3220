// PostgreSQL is killed with -9 and started again while people are created,
// changed and read: nothing that was acknowledged is lost, who fails is told so
// in a way that can be acted on, the services recover by themselves, and each
// change is in the audit trail once.
// Usage: node database_killed.mjs [kafka]   with kafka: as three processes
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { GrpcFace, HttpFace } from "./lib/clients.mjs";
import { DatabaseLoad } from "./lib/database_load.mjs";
import { cases, eventually, rejects } from "./lib/expect.mjs";
import { settled } from "./lib/main_job.mjs";
import { scratch, startAllInOne } from "./lib/platform.mjs";
import { Kafka, Postgres, skipUnlessHad } from "./lib/servers.mjs";
import { Split } from "./lib/split.mjs";

const KILLS = 2;
const dir = scratch("database-killed");
const postgres = await Postgres.create(dir).catch(skipUnlessHad);
const kafka = process.argv[2] === "kafka" ? await Kafka.create(dir).catch(skipUnlessHad) : undefined;

// The processes, one or three: their faces, their HTTP addresses and how they
// end.
async function boot() {
  if (kafka) {
    const split = new Split(dir, kafka, postgres, { MILLRACE_READINESS_INTERVAL: "200ms" });
    await split.start();
    return {
      ...split.faces,
      programs: Object.values(split.running),
      addresses: ["users", "admin"].map((name) => `127.0.0.1:${split.ports[name].http}`),
    };
  }
  const env = { MILLRACE_READINESS_INTERVAL: "200ms" };
  for (const name of ["users", "admin"]) env[`MILLRACE_DATABASES_${name.toUpperCase()}_URL`] = postgres.createDatabase(name);
  const { program, http, grpc } = await startAllInOne(dir, [], { env });
  return { grpc: new GrpcFace(grpc), http: new HttpFace(http), programs: [program], addresses: [http] };
}
const platform = await boot();

const readiness = async (address) => (await fetch(`http://${address}/readyz`)).status;
const all = (status) => async () => (await Promise.all(platform.addresses.map(readiness))).every((found) => found === status);

const load = new DatabaseLoad(platform.grpc, 8);
const more = (what, count, from) => eventually(`${count} more ${what}`, () => load[what] >= from + count, 60_000);

await cases({
  async "callers are served"() {
    await more("done", 100, 0);
    assert.equal(load.failed, 0, `${[...load.failures.keys()]} while nothing is wrong: ${load.wrong}`);
  },
  async "the database is killed and comes back, and so do the services"() {
    for (let i = 0; i < KILLS; ++i) {
      await postgres.kill();
      const failed = load.failed;
      await more("failed", 10, failed);
      await eventually("not ready", all(503));
      // Over the other face, too.
      const error = await rejects(platform.http.call("users", "ListUsers"), "UNAVAILABLE", /is away/);
      assert.equal(error.http, 503);
      assert.ok(error.retry, "an answer without Retry-After");
      await sleep(500);
      await postgres.start();
      await eventually("ready", all(200));
      await more("done", 100, load.done);
    }
  },
  async "no caller was told anything else"() {
    await load.stop();
  },
  async "what was acknowledged is there, and in the trail once"() {
    console.log(JSON.stringify(await load.check((ask, count) => settled(ask, count, 30_000))));
  },
  async "the processes are those of the beginning"() {
    for (const program of platform.programs) assert.equal(program.exit, undefined, program.name);
    platform.grpc.close();
    for (const { code } of await Promise.all(platform.programs.map((program) => program.kill("SIGTERM")))) assert.equal(code, 0);
  },
});
await kafka?.kill();
await postgres.stop();
