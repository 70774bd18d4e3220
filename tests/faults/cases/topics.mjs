// What happens to topics, and what others write to them.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import kafkajs from "../../e2e/node_modules/kafkajs/index.js";

const TYPE = "test.v1.TestEvents.Said";

function cloudEvent(id, type) {
  return { ce_specversion: "1.0", ce_id: id, ce_type: type, ce_source: "/faults", "content-type": "application/protobuf" };
}

async function publish(stage, messages) {
  const producer = stage.brokers.client().producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  // Each alone, as none shall go down with another.
  for (const message of messages) await producer.send({ topic: stage.topic, messages: [message] });
  await producer.disconnect();
}

// Changes the topic when half of the events are applied and nothing is on its
// way: keys that move keep their order.
async function changedBetween(stage, change) {
  await stage.createTopic();
  const events = stage.long ? 10_000 : 3_200;
  const writer = await stage.writer({ events: events / 2 });
  await stage.reader();
  await stage.settle();
  await stage.end(writer);
  await change(stage);
  await stage.writer({ events });
  await stage.settle();
}

export const topicFaults = {
  "poison": {
    short: true,
    async run(stage) {
      await stage.createTopic();
      const events = stage.long ? 20_000 : 3_000;
      await stage.writer({ events, rate: events / 4 });
      await stage.reader();
      await stage.applied(0.3);
      // Of keys that have events before and after.
      await publish(stage, [
        { key: "k1", value: Buffer.from([0xff, 0xff, 0xff]), headers: cloudEvent("poison-1", TYPE) },
        { key: "k2", value: Buffer.from([0x0a, 0x00]), headers: cloudEvent("poison-2", "test.v1.TestEvents.Unknown") },
        // The largest that the broker takes: its letter is larger still.
        { key: "k3", value: Buffer.alloc(1_048_400, "x"), headers: { small: "1" } },
        // Too large without their values, too.
        { key: "k6", value: "small", headers: { large: Buffer.alloc(1_048_300, "x") } },
        // kafkajs takes minutes to find the partition of such a key.
        { key: "k".repeat(1_048_300), value: "small", partition: 0 },
        { key: "k4", value: null, headers: cloudEvent("poison-4", TYPE) },
        { key: "k5", value: "no event at all" },
        { key: null, value: null },
      ]);
      await stage.settle();
      assert.equal(await stage.deadLetters(), 8);
    },
  },
  "topic-missing": {
    short: true,
    async run(stage) {
      const events = stage.long ? 10_000 : 2_000;
      await stage.writer({ events, rate: events / 2 });
      await stage.reader();
      await stage.settle();
    },
  },
  "topic-recreated": {
    run: (stage) => changedBetween(stage, async ({ brokers, topic }) => {
      await brokers.admin((admin) => admin.deleteTopics({ topics: [topic] }));
      await stage.until("the topic gone", () => brokers.admin(async (admin) => !(await admin.listTopics()).includes(topic)));
      await brokers.admin((admin) => admin.createTopics({ topics: [{ topic, numPartitions: 6, replicationFactor: 1 }] }));
    }),
  },
  "partitions-added": {
    run: (stage) => changedBetween(stage, async ({ brokers, topic }) => {
      await brokers.admin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 9 }] }));
      await sleep(1000);
    }),
  },
};
