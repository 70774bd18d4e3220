// A person is deleted, and purged when the time for that has come: then no file
// of the platform has anything of them, whatever was written on the way, the
// bus's within the retention of its topics; and the trail verifies as before.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { GrpcFace, HttpFace } from "./lib/clients.mjs";
import { ShiftedClock } from "./lib/clock.mjs";
import { cases, eventually, rejects } from "./lib/expect.mjs";
import { bin, run, scratch, startAllInOne } from "./lib/platform.mjs";
import { skipUnlessHad } from "./lib/servers.mjs";

const DAY = 24 * 3600;
const EMAIL = "ada.4f1c@example.org";
const NAME = "Ada Erasmus 4f1c";
const REASON = "asked for by Ada 4f1c";
const MARKS = [EMAIL, NAME, REASON];

const dir = scratch("erasure");
const data = join(dir, "data");
let clock;
try {
  clock = new ShiftedClock(dir);
} catch (error) {
  skipUnlessHad(error);
}

let platform;
let overGrpc;
let overHttp;
const boot = async () => {
  const { program, http, grpc } = await startAllInOne(dir, [], { env: clock.env });
  platform = program;
  overGrpc?.close();
  overGrpc = new GrpcFace(grpc);
  overHttp = new HttpFace(http);
};
const stop = async () => {
  for (let i = 0; ; ++i) {
    assert.equal((await platform.kill("SIGTERM")).code, 0);
    // SQLite leaves its log for the next start where two connections closed at
    // once; what it has is not in question here.
    if (i === 10 || !readdirSync(data).some((file) => file.endsWith("-wal"))) return;
    await boot();
  }
};

// The files that have something of the person, by their names.
const filesThatTell = () =>
  readdirSync(data).filter((file) => {
    const bytes = readFileSync(join(data, file));
    return MARKS.some((mark) => bytes.includes(mark));
  });
const entriesOf = async (subject, event_type) =>
  (await overHttp.call("admin", "QueryAudit", { subject, event_type })).entries ?? [];
const messagesOf = async (user_id) => (await overHttp.call("templates", "ListMessages", { userId: user_id })).messages ?? [];
const verify = () => run("millrace", join(bin, "millrace"), ["audit", "verify", "--database", `sqlite://${join(data, "admin.db")}`, ...(head ? ["--head", head] : [])]);

const CREATED = "users.v1.UserEvents.Created";
let ada;
let bob;
let head;

await boot();
await cases({
  async "people are told of in events, messages and the trail"() {
    ada = await overGrpc.call("users", "CreateUser", { email: EMAIL, display_name: NAME });
    bob = await overGrpc.call("users", "CreateUser", { email: "bob@example.org", display_name: "Bob" });
    await overGrpc.call("admin", "GrantPermissions", { user_id: ada.id, permissions: ["users.users.read"], reason: REASON });
    await eventually("the message", async () => (await messagesOf(ada.id)).length === 1);
    const [entry] = await eventually("the entry", async () => {
      const entries = await entriesOf(ada.id, CREATED);
      return entries.length > 0 && entries;
    });
    assert.equal(entry.payload.email, EMAIL);
    await eventually("the grant", async () => (await entriesOf(ada.id, "admin.v1.AdminEvents.PermissionsChanged")).length > 0);
  },
  async "they are in the files of who keeps them, and in the trail's only sealed"() {
    await stop();
    const files = filesThatTell();
    for (const file of ["users.db", "templates.db", "bus.db"]) assert.ok(files.includes(file), `${file} is not among ${files}`);
    // What was in an outbox has been overwritten, too.
    assert.ok(!files.includes("admin.db"), `${files}`);
    const verified = await verify();
    assert.equal(verified.code, 0, verified.stderr);
    head = /head\s+(\d+:[0-9a-f]{64})/.exec(verified.stdout)?.[1];
    assert.ok(head, verified.stdout);
    await boot();
  },
  async "who is deleted stays until the purge time"() {
    await overGrpc.call("users", "DeleteUser", { id: ada.id });
    await eventually("the entry", async () => (await entriesOf(ada.id, "users.v1.UserEvents.Deleted")).length > 0);
    assert.equal((await entriesOf(ada.id, CREATED))[0].payload.email, EMAIL);
  },
  async "who is purged is erased everywhere"() {
    await stop();
    clock.shift(31 * DAY);
    // The process is killed while it purges and erases, wherever it then is.
    for (const wait of [0, 20, 80]) {
      await boot();
      await sleep(wait);
      await platform.kill("SIGKILL");
    }
    await boot();
    await eventually("the purge", async () => (await entriesOf(ada.id, "users.v1.UserEvents.Purged")).length === 1);
    await eventually("no message", async () => (await messagesOf(ada.id)).length === 0);
    const [entry] = await entriesOf(ada.id, CREATED);
    assert.deepEqual(entry.payload.email, undefined);
    assert.equal(entry.payload.userId, ada.id);
    assert.equal(entry.erased, "email,displayName,locale");
    await rejects(overGrpc.call("users", "UndeleteUser", { id: ada.id }), "NOT_FOUND");
    // Nobody else is.
    assert.equal((await entriesOf(bob.id, CREATED))[0].payload.email, "bob@example.org");
    assert.equal((await messagesOf(bob.id)).length, 1);
  },
  async "no file has anything of them"() {
    // What is past its retention goes bit by bit, while the platform runs.
    await eventually("files that tell nothing", async () => {
      await stop();
      if (filesThatTell().length === 0) return true;
      await boot();
      await sleep(500);
      return false;
    });
    const log = readFileSync(join(dir, "millrace.log"));
    for (const mark of MARKS) assert.ok(!log.includes(mark), `${mark} is in the log`);
  },
  async "the trail is what it was"() {
    const verified = await verify();
    assert.equal(verified.code, 0, `${verified.stdout}${verified.stderr}`);
  },
});
overGrpc.close();
await platform.kill("SIGKILL");
