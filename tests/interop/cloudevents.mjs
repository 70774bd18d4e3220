// The npm package cloudevents and a JavaScript Kafka client beside the
// platform, on a real broker: what they write arrives typed at its listeners,
// in binary and structured mode; what it writes they read, attribute by
// attribute; the trace goes both ways.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";

import { CloudEvent, Kafka as Binding } from "cloudevents";
import kafkajs from "kafkajs";

import { HttpFace } from "../e2e/lib/clients.mjs";
import { cases, eventually } from "../e2e/lib/expect.mjs";
import { scratch, startAllInOne } from "../e2e/lib/platform.mjs";
import { Kafka, skipUnlessHad } from "../e2e/lib/servers.mjs";

const TOPIC = "users.v1.events";
const CREATED = "users.v1.UserEvents.Created";

const dir = scratch("interop");
const broker = await Kafka.create(dir).catch(skipUnlessHad);
const applied = await broker.applyContracts();
assert.equal(applied.code, 0, applied.stdout + applied.stderr);
const { program, http } = await startAllInOne(dir, [], {
  env: {
    MILLRACE_BUS_TRANSPORT: "kafka",
    MILLRACE_BUS_KAFKA_BROKERS: broker.brokers,
    MILLRACE_BUS_KAFKA_REPLICATION_FACTOR: "1",
  },
});
const platform = new HttpFace(http);

const client = new kafkajs.Kafka({ brokers: [broker.brokers], logLevel: kafkajs.logLevel.NOTHING });
const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
await producer.connect();
const consumer = client.consumer({ groupId: "interop" });
await consumer.connect();
await consumer.subscribe({ topics: [TOPIC], fromBeginning: true });
const seen = [];
await consumer.run({
  eachMessage: async ({ message }) => {
    const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, value.toString()]));
    seen.push({ headers, key: message.key?.toString(), value: message.value, timestamp: message.timestamp });
  },
});

const traceparent = () => `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`;
const traceIdOf = (text) => text.split("-")[1];

// Sends what the SDK has made of an event; kafkajs wants texts and bytes.
async function send({ key, value, headers }, more = {}) {
  const texts = Object.fromEntries(Object.entries({ ...headers, ...more }).filter(([, text]) => text !== undefined));
  const data = Buffer.isBuffer(value) || typeof value === "string" ? value : JSON.stringify(value);
  await producer.send({ topic: TOPIC, messages: [{ key, value: data, headers: texts }] });
}

function createdOf(person, more = {}) {
  return new CloudEvent({
    id: randomUUID(),
    type: CREATED,
    source: "https://hr.example.org/people",
    subject: person.userId,
    time: "2026-01-02T03:04:05.678Z",
    datacontenttype: "application/json",
    data: person,
    partitionkey: person.userId,
    ...more,
  });
}

const person = (name) => ({ userId: randomUUID(), email: `${name}@example.org`, displayName: name, locale: "de" });

// The entry of the trail about an event of the SDK, and the message that was
// written because of it: both listeners read the payload as its type.
async function arrived(event, trace) {
  const about = event.subject;
  const entry = await eventually(`an entry about ${about}`, async () =>
    (await platform.call("admin", "QueryAudit", { subject: about, event_type: CREATED })).entries?.[0]);
  assert.equal(entry.eventId, event.id);
  assert.equal(entry.eventType, event.type);
  assert.equal(entry.source, event.source);
  assert.equal(entry.subject, about);
  assert.equal(new Date(entry.occurTime).toISOString(), event.time);
  assert.equal(entry.traceId, traceIdOf(trace));
  const [message] = await eventually(`a message to ${about}`, async () =>
    (await platform.call("templates", "ListMessages", { user_id: about })).messages);
  assert.equal(message.eventId, event.id);
  assert.equal(message.locale, "de");
  return { entry, message };
}

await cases({
  async "binary mode with JSON arrives typed"() {
    const trace = traceparent();
    const event = createdOf(person("ada"));
    await send(Binding.binary(event), { traceparent: trace });
    const { entry, message } = await arrived(event, trace);
    assert.equal(entry.payload.email, "ada@example.org");
    assert.match(message.body, /ada/);
  },
  async "binary mode with the trace as an attribute"() {
    const trace = traceparent();
    const event = createdOf(person("grace"), { traceparent: trace });
    await send(Binding.binary(event));
    await arrived(event, trace);
  },
  async "structured mode arrives typed"() {
    const trace = traceparent();
    const event = createdOf(person("alan"), { traceparent: trace });
    await send(Binding.structured(event));
    const { entry } = await arrived(event, trace);
    assert.equal(entry.payload.displayName, "alan");
  },
  async "ours are read, every attribute equal"() {
    const trace = traceparent();
    const response = await fetch(`http://${http}/users.v1.UsersService/CreateUser`, {
      method: "POST",
      headers: { "content-type": "application/json", traceparent: trace },
      body: JSON.stringify({ email: "edsger@example.org", displayName: "Edsger", locale: "de" }),
    });
    assert.equal(response.status, 200, await response.clone().text());
    const { id } = await response.json();
    const message = await eventually("our message", () => seen.find(({ key }) => key === id));
    const event = Binding.toEvent(message);
    assert.equal(event.specversion, "1.0");
    assert.equal(event.type, CREATED);
    assert.equal(event.source, "/users");
    assert.equal(event.subject, id);
    assert.equal(event.datacontenttype, "application/protobuf");
    assert.equal(event.partitionkey, id);
    assert.ok(event.validate());
    const entry = await eventually("its entry", async () =>
      (await platform.call("admin", "QueryAudit", { subject: id, event_type: CREATED })).entries?.[0]);
    assert.equal(event.id, entry.eventId);
    assert.equal(event.time, new Date(entry.occurTime).toISOString());
    assert.equal(traceIdOf(message.headers.traceparent), traceIdOf(trace));
    assert.equal(entry.traceId, traceIdOf(trace));

    // The same bytes again as an event of theirs, in protobuf.
    const copy = createdOf({ userId: id }, { datacontenttype: "application/protobuf", data: undefined });
    const again = { ...Binding.binary(copy), value: message.value };
    await send(again, { traceparent: trace });
    const both = await eventually("the copy's entry", async () => {
      const { entries } = await platform.call("admin", "QueryAudit", { subject: id, event_type: CREATED });
      return entries.length === 2 && entries;
    });
    const theirs = both.find(({ eventId }) => eventId === copy.id);
    assert.equal(theirs.source, copy.source);
    assert.deepEqual(theirs.payload, entry.payload);
  },
});

await consumer.disconnect();
await producer.disconnect();
platform.close();
assert.equal((await program.kill("SIGTERM")).code, 0, "exit code after SIGTERM");
await broker.kill();
