// The admin service in one process: a grant becomes an event and an entry of
// the trail, people are suspended through their own service, dead letters are
// looked at and replayed, and the trail is verified.
// Usage: node admin.mjs [kafka]
import assert from "node:assert/strict";
import { join } from "node:path";

import { GrpcFace, HttpFace } from "./lib/clients.mjs";
import { cases, eventually, rejects } from "./lib/expect.mjs";
import { bin, run, scratch, startAllInOne } from "./lib/platform.mjs";
import { Kafka, skipUnlessHad } from "./lib/servers.mjs";

const dir = scratch("admin");
const kafka = process.argv[2] === "kafka" ? await Kafka.create(dir).catch(skipUnlessHad) : undefined;
await kafka?.applyContracts();
const env = kafka && {
  MILLRACE_BUS_TRANSPORT: "kafka",
  MILLRACE_BUS_KAFKA_BROKERS: kafka.brokers,
  MILLRACE_BUS_KAFKA_REPLICATION_FACTOR: "1",
};
const boot = (...args) => startAllInOne(dir, args, { env });
const { program, http, grpc } = await boot();
const overGrpc = new GrpcFace(grpc);
const overHttp = new HttpFace(http);
const millrace = (...args) => run("millrace", join(bin, "millrace"), args);

const ada = await overGrpc.call("users", "CreateUser", { email: "ada@example.org", display_name: "Ada" });

// The newest entry about `subject` of this type; payloads are readable in JSON.
const entryOf = (event_type, subject) =>
  eventually(`an entry of ${event_type}`, async () =>
    (await overHttp.call("admin", "QueryAudit", { event_type, subject })).entries?.[0]);

await cases({
  async "a grant is told of and recorded"() {
    const permissions = ["users.users.read", "admin.audit.read"];
    const admin = await overGrpc.call("admin", "GrantPermissions", { user_id: ada.id, permissions, reason: "She audits." });
    assert.equal(admin.display_name, "Ada");
    assert.deepEqual(admin.permissions, [...permissions].sort());
    assert.equal(admin.permissions_etag, "1");
    const entry = await entryOf("admin.v1.AdminEvents.PermissionsChanged", ada.id);
    assert.equal(entry.source, "/admin");
    assert.deepEqual(entry.payload.permissions, [...permissions].sort());
    assert.equal(entry.payload.reason, "She audits.");
    assert.equal(entry.actor ?? "", entry.payload.changedBy ?? "");
    const { admins } = await overGrpc.call("admin", "ListAdmins", { permission: "admin.audit.read" });
    assert.deepEqual(admins.map(({ id }) => id), [ada.id]);
  },
  async "a permission that there is not"() {
    await rejects(
      overGrpc.call("admin", "GrantPermissions", { user_id: ada.id, permissions: ["users.user.read"] }),
      "INVALID_ARGUMENT",
      "permissions: there is no permission 'users.user.read'; did you mean 'users.users.read'?",
    );
  },
  async "an etag of before"() {
    const request = { user_id: ada.id, permissions: ["users.users.read"], etag: "0" };
    await rejects(overGrpc.call("admin", "RevokePermissions", request), "ABORTED", /read it again and repeat$/);
  },
  async "a role"() {
    await overGrpc.call("admin", "CreateRole", { role: { name: "editor", permissions: ["templates.*"] } });
    await overGrpc.call("admin", "AssignRole", { user_id: ada.id, role: "editor" });
    const admin = await overGrpc.call("admin", "GetAdmin", { user_id: ada.id });
    assert.deepEqual(admin.roles, ["editor"]);
    assert.ok(admin.permissions.includes("templates.*"));
    await rejects(overGrpc.call("admin", "DeleteRole", { name: "editor" }), "FAILED_PRECONDITION", /is assigned to 1 person/);
  },
  async "a person is suspended through the users service"() {
    const suspended = await overGrpc.call("admin", "SuspendUser", { id: ada.id, reason: "Under inquiry" });
    assert.equal(suspended.state, "USER_STATE_SUSPENDED");
    const entry = await entryOf("users.v1.UserEvents.Suspended", ada.id);
    assert.equal(entry.source, "/users");
    assert.equal(entry.payload.reason, "Under inquiry");
    const reinstated = await overGrpc.call("admin", "ReinstateUser", { id: ada.id });
    assert.equal(reinstated.state, "USER_STATE_ACTIVE");
    await entryOf("users.v1.UserEvents.Reinstated", ada.id);
  },
  async "a dead letter is listed, read and replayed"() {
    // No database takes a NUL, so that the trail cannot record this event.
    await overGrpc.call("bus", "Emit", { type: "templates.v1.TemplateEvents.Published", key: "a\0b", json: "{}" });
    const list = async () =>
      (await overGrpc.call("admin", "ListDeadLetters", { group: "admin.audit" })).dead_letters;
    const [letter] = await eventually("a dead letter", async () => {
      const letters = await list();
      return letters.length > 0 && letters;
    });
    assert.equal(letter.event.type, "templates.v1.TemplateEvents.Published");
    assert.equal((await overGrpc.call("admin", "GetDeadLetter", { id: letter.id })).reason, letter.reason);
    await rejects(overGrpc.call("admin", "GetDeadLetter", { id: "a/b/0/1" }), "NOT_FOUND", /^there is no dead letter a\/b\/0\/1/);

    const looked = await overGrpc.call("admin", "ReplayDeadLetters", { id: letter.id, dry_run: true });
    assert.equal(looked.dead_letters.length, 1);
    assert.equal((await list()).filter((one) => one.replayed).length, 0);
    await overGrpc.call("admin", "ReplayDeadLetters", { id: letter.id });
    assert.equal((await list()).find((one) => one.id === letter.id).replayed, true);
    const entry = await entryOf("admin.v1.AdminEvents.DeadLettersReplayed", "admin.audit");
    assert.deepEqual(entry.payload.letters, [letter.id]);
    // What was wrong with it still is: it comes back as another letter.
    await eventually("another letter", async () => (await list()).length === 2);
  },
  async "who listens to what"() {
    const { services, contracts, mermaid } = await overGrpc.call("admin", "GetTopology", { graph: true });
    const users = services.find(({ name }) => name === "users.v1.UsersService");
    assert.ok(users.methods.some(({ name, response }) => name === "GetUser" && response === "users.v1.User"));
    const groups = (name) => contracts.find((contract) => contract.name === name).listeners.map(({ group }) => group);
    assert.deepEqual(groups("admin.v1.AdminEvents").filter((group) => group.startsWith("admin.")), ["admin.audit"]);
    for (const group of ["admin.access", "admin.audit", "templates.welcome"]) {
      assert.ok(groups("users.v1.UserEvents").includes(group), group);
    }
    assert.match(mermaid, /^flowchart LR\n/);
    assert.match(mermaid, /service_users -->\|emits\| events_users_v1_UserEvents/);
  },
  async "the trail is verified"() {
    const verified = await millrace("audit", "verify", "--grpc", grpc);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    const [, entries, id, hash] = verified.stdout.match(/^(\d+) entries are as they were\nhead (\d+):([0-9a-f]{64})$/);
    assert.ok(Number(entries) >= 6, entries);
    const kept = await millrace("audit", "verify", "--grpc", grpc, "--head", `${id}:${hash}`);
    assert.equal(kept.code, 0, kept.stdout);
    const other = await millrace("audit", "verify", "--grpc", grpc, "--head", `${id}:${"0".repeat(64)}`);
    assert.equal(other.code, 1);
    assert.match(other.stdout, new RegExp(`BROKEN: entry ${id} has the hash ${hash}; the head that was kept says 0+: the trail was written anew`));
    const later = await millrace("audit", "verify", "--grpc", grpc, "--head", `${Number(id) + 1000}:${hash}`);
    assert.equal(later.code, 1);
    assert.match(later.stdout, /entries behind it were removed/);
  },
});

overGrpc.close();
assert.equal((await program.kill("SIGTERM")).code, 0, "exit code after SIGTERM");

// Groups of which no member is here are known by what they committed.
const part = await boot("--services", "users,admin");
const overPart = new GrpcFace(part.grpc);
const { contracts } = await overPart.call("admin", "GetTopology");
const listeners = contracts.find(({ name }) => name === "users.v1.UserEvents").listeners;
assert.deepEqual(listeners.map(({ group }) => group), ["admin.access", "admin.audit", "templates.welcome"]);
for (const { group, lag } of listeners) assert.equal(lag, 0, group);
overPart.close();
const { code } = await part.program.kill("SIGTERM");
assert.equal(code, 0, "exit code after SIGTERM");
await kafka?.kill();
const file = `sqlite://${join(dir, "data", "admin.db")}`;
const verified = await millrace("audit", "verify", "--database", file);
assert.equal(verified.code, 0, verified.stdout + verified.stderr);
console.log(`in the database: ${verified.stdout.replace("\n", ", ")}`);
