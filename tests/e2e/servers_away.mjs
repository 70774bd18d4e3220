// The platform on PostgreSQL and Kafka that are not there: it starts, is not
// ready and says why, and recovers by itself. And an event on the topic that
// nobody can decode: it becomes a dead letter and the partition goes on.
import assert from "node:assert/strict";
import { join } from "node:path";

import kafkajs from "kafkajs";

import { GrpcFace, HttpFace } from "./lib/clients.mjs";
import { cases, eventually, rejects } from "./lib/expect.mjs";
import { bin, run, scratch } from "./lib/platform.mjs";
import { Program } from "./lib/process.mjs";
import { freePort, Kafka, Postgres, skipUnlessHad } from "./lib/servers.mjs";

const dir = scratch("servers-away");
const kafka = await Kafka.create(dir).catch(skipUnlessHad);
const postgres = await Postgres.create(dir).catch(skipUnlessHad);
const url = postgres.createDatabase("users");
await postgres.stop();
await kafka.kill();

const ports = { http: await freePort(), grpc: await freePort() };
const platform = new Program(
  "millrace",
  join(bin, "millrace"),
  ["up", "--data", join(dir, "data"), "--http-port", String(ports.http), "--grpc-port", String(ports.grpc)],
  {
    log: join(dir, "millrace.log"),
    env: {
      MILLRACE_DATABASES_USERS_URL: url,
      MILLRACE_BUS_TRANSPORT: "kafka",
      MILLRACE_BUS_KAFKA_BROKERS: kafka.brokers,
      MILLRACE_BUS_KAFKA_REPLICATION_FACTOR: "1",
      MILLRACE_READINESS_INTERVAL: "500ms",
    },
  },
);
const grpc = new GrpcFace(`127.0.0.1:${ports.grpc}`);
const http = new HttpFace(`127.0.0.1:${ports.http}`);

async function readiness() {
  try {
    const response = await fetch(`http://127.0.0.1:${ports.http}/readyz`);
    return { status: response.status, text: await response.text() };
  } catch {
    return undefined;
  }
}
const databaseAway = new RegExp(`^database postgresql://\\S*127\\.0\\.0\\.1:${postgres.port}/\\S+ is away: .`);
const ready = () => eventually("the platform gets ready", async () => (await readiness())?.status === 200, 60_000);
const auditOf = async (subject) =>
  (await grpc.call("admin", "QueryAudit", { subject })).entries;
// The trail has more of a person than that: the message to them, for example.
const isAudited = async (user, event = "Created") =>
  (await auditOf(user.id)).filter((entry) => entry.event_type === `users.v1.UserEvents.${event}`).length === 1;
const millrace = (...args) => run("millrace", join(bin, "millrace"), [args[0], "--grpc", `127.0.0.1:${ports.grpc}`, ...args.slice(1)]);

await cases({
  async "starts without database and broker, alive but not ready"() {
    const found = await eventually("an answer of /readyz", readiness);
    assert.equal(found.status, 503, found.text);
    const why = await eventually("the reasons", async () => {
      const { text } = await readiness();
      return text.includes(kafka.brokers) && text.includes(`127.0.0.1:${postgres.port}`) ? JSON.parse(text) : undefined;
    });
    assert.equal(why.ready, false);
    assert.match(why.needs["users.database"].error, databaseAway);
    assert.match(why.needs.bus.error, /^Kafka at 127/);
    assert.equal((await fetch(`http://127.0.0.1:${ports.http}/healthz`)).status, 200);
    await rejects(http.call("users", "ListUsers"), "UNAVAILABLE");
  },
  async "is ready when both are there"() {
    await kafka.start();
    await postgres.start();
    await eventually("the missing topics are named", async () => {
      const { text } = await readiness();
      return /these topics do not exist: .*users\.v1\.events.*; create them with 'millrace contracts apply/.test(text);
    });
    assert.equal((await kafka.applyContracts()).code, 0);
    await ready();
    await platform.line(/^ready http=\S+ grpc=\S+$/);
    const user = await grpc.call("users", "CreateUser", { email: "first@example.org", display_name: "First" });
    await eventually("the audit entry", () => isAudited(user));
  },
  async "database away and back"() {
    await postgres.kill();
    await rejects(grpc.call("users", "CreateUser", { email: "lost@example.org", display_name: "Lost" }), "UNAVAILABLE", databaseAway);
    await eventually("not ready", async () => (await readiness())?.status === 503);
    await postgres.start();
    await ready();
    await grpc.call("users", "CreateUser", { email: "found@example.org", display_name: "Found" });
  },
  async "broker away: requests go on, events arrive when it is back"() {
    await kafka.kill();
    const user = await grpc.call("users", "CreateUser", { email: "patient@example.org", display_name: "Patient" });
    await kafka.start();
    await eventually("the audit entry", () => isAudited(user), 60_000);
    await ready();
  },
  async "an event that nobody can decode becomes a dead letter, the partition goes on"() {
    const user = await grpc.call("users", "CreateUser", { email: "before@example.org", display_name: "Before" });
    const client = new kafkajs.Kafka({ clientId: "poison", brokers: [kafka.brokers], logLevel: kafkajs.logLevel.NOTHING });
    const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({
      topic: "users.v1.events",
      messages: [{
        key: user.id,
        value: Buffer.from([0xff, 0xff, 0xff]),
        headers: {
          ce_specversion: "1.0", ce_id: "poison-1", ce_type: "users.v1.UserEvents.Created",
          ce_source: "/test", "content-type": "application/protobuf",
        },
      }, { key: user.id, value: "no event at all" }],
    });
    await producer.disconnect();
    // The next event of the same key, so of the same partition.
    await grpc.call("users", "UpdateUser", { id: user.id, user: { display_name: "After" } });
    await eventually("the event after the poison", () => isAudited(user, "Updated"));
    const letters = await eventually("dead letters of all groups", async () => {
      const { code, stdout, stderr } = await millrace("dead-letters", "--topic", "users.v1.events");
      assert.equal(code, 0, stderr);
      const found = stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
      return found.length >= 5 ? found : undefined;
    });
    // admin.access passes over the first, which is of a type that it does not handle.
    assert.equal(letters.length, 5);
    assert.deepEqual([...new Set(letters.map((letter) => letter.group))].sort(),
      ["admin.access", "admin.audit", "templates.welcome"]);
    const poison = letters.filter((letter) => letter.event?.id === "poison-1");
    assert.equal(poison.length, 2);
    for (const letter of poison) assert.match(letter.reason, /users\.v1\.UserCreated/);
  },
});

grpc.close();
const { code } = await platform.kill("SIGTERM");
assert.equal(code, 0, "exit code after SIGTERM");
await kafka.kill();
await postgres.stop();
