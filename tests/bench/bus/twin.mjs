// twin.mjs CASE BROKERS TOPIC GROUP COUNT: publish, consume or read with kafkajs,
// as bus_bench does. Prints the same line of JSON. Consume looks at nothing of a
// record but its length; read decodes its headers and its payload.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(fileURLToPath(new URL('../../e2e/package.json', import.meta.url)));
const { Kafka, logLevel, Partitioners } = require('kafkajs');

const [what, brokers, topic, group, text] = process.argv.slice(2);
const count = Number(text);
const KEYS = 1000;
const BATCH = 500;
const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.ERROR });

function stopwatch() {
  const wall = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    console.log(JSON.stringify({
      count,
      seconds: Number(process.hrtime.bigint() - wall) / 1e9,
      cpu_seconds: (user + system) / 1e6,
    }));
  };
}

async function publish() {
  const producer = kafka.producer({
    idempotent: true, maxInFlightRequests: 5, createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const value = Buffer.alloc(980, 'x');
  const headers = Object.fromEntries(
    ['ce_specversion', 'ce_type', 'ce_source', 'ce_id', 'ce_time', 'content-type', 'traceparent']
      .map((name) => [name, 'users.v1.UserEvents.Created']));
  const message = (i) => ({ key: `user-${i % KEYS}`, value, headers });
  await producer.send({ topic, acks: -1, messages: [message(0)] });
  const done = stopwatch();
  let next = 0;
  await Promise.all(Array.from({ length: 4 }, async () => {
    while (next < count) {
      const messages = [];
      for (; messages.length < BATCH && next < count; ++next) messages.push(message(next));
      await producer.send({ topic, acks: -1, messages });
    }
  }));
  done();
  await producer.disconnect();
}

// With the package that gRPC for Node decodes with.
function decoder() {
  const protobuf = createRequire(require.resolve('@grpc/proto-loader'))('protobufjs');
  const type = protobuf.parse(`
    syntax = "proto3";
    message UserCreated {
      string user_id = 1; string email = 2; string display_name = 3; string locale = 4;
    }`).root.lookupType('UserCreated');
  return ({ headers, value }) => {
    const event = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, text.toString()]));
    event.payload = type.decode(value);
    return event.ce_id.length + event.payload.displayName.length;
  };
}

async function consume(look) {
  const consumer = kafka.consumer({ groupId: group });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let seen = 0;
  let bytes = 0;
  let done;
  await new Promise((resolve) => {
    consumer.run({
      partitionsConsumedConcurrently: 8,
      eachMessage: async ({ message }) => {
        done ??= stopwatch();
        bytes += look(message);
        if (++seen === count) {
          done();
          resolve();
        }
      },
    });
  });
  await consumer.disconnect();
}

if (what === 'publish') await publish();
else await consume(what === 'read' ? decoder() : ({ value }) => value.length);
process.exit(0);
