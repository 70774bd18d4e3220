// `millrace contracts apply` on a real broker: topics are created, changed and
// left alone as the contracts say, and what would hurt is refused.
import assert from "node:assert/strict";

import kafkajs from "kafkajs";

import { cases, eventually } from "./lib/expect.mjs";
import { scratch } from "./lib/platform.mjs";
import { Kafka, skipUnlessHad } from "./lib/servers.mjs";

const broker = await Kafka.create(scratch("apply")).catch(skipUnlessHad);
const admin = new kafkajs.Kafka({ brokers: [broker.brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
await admin.connect();

const TOPIC = "users.v1.events";
const lineOf = (stdout, topic) => stdout.split("\n").find((line) => line.startsWith(`${topic} `))?.slice(topic.length).trim();
const settingsOf = async (topic) => {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ["retention.ms", "max.message.bytes"] }],
  });
  return Object.fromEntries(resources[0].configEntries.map(({ configName, configValue }) => [configName, configValue]));
};
const partitionsOf = async (topic) => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions.length;

await cases({
  async "a dry run says what would be created, and creates nothing"() {
    const { code, stdout } = await broker.applyContracts("--dry-run");
    assert.equal(code, 1);
    assert.equal(lineOf(stdout, TOPIC), "would be created: 8 partitions, retention 168h");
    assert.equal(lineOf(stdout, `${TOPIC}.dead`), "would be created: 8 partitions, retention 720h");
    assert.deepEqual((await admin.listTopics()).filter((name) => name.includes(".v1.")), []);
  },
  async "they are created, and then there is nothing to do"() {
    const { code, stdout, stderr } = await broker.applyContracts();
    assert.equal(code, 0, stdout + stderr);
    assert.equal(lineOf(stdout, TOPIC), "created: 8 partitions, retention 168h");
    assert.equal((await settingsOf(TOPIC))["retention.ms"], String(7 * 24 * 3_600_000));
    for (const args of [[], ["--dry-run"]]) {
      // Brokers learn of changes a little later.
      await eventually("nothing to do", async () => {
        const { code: clean, stdout: lines } = await broker.applyContracts(...args);
        return clean === 0 && lines.split("\n").every((line) => line.endsWith(" as it should be"));
      });
    }
  },
  async "retention is changed, and other settings are left alone"() {
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: TOPIC, configEntries: [{ name: "retention.ms", value: "3600000" }, { name: "max.message.bytes", value: "54321" }] }],
    });
    await eventually("the change is seen", async () => {
      const dry = await broker.applyContracts("--dry-run");
      return dry.code === 1 && lineOf(dry.stdout, TOPIC) === "would be changed: retention 1h -> 168h";
    });
    const { code, stdout } = await broker.applyContracts();
    assert.equal(code, 0, stdout);
    assert.equal(lineOf(stdout, TOPIC), "changed: retention 1h -> 168h");
    await eventually("the retention of the contract", async () => (await settingsOf(TOPIC))["retention.ms"] === String(7 * 24 * 3_600_000));
    assert.deepEqual(await settingsOf(TOPIC), { "retention.ms": String(7 * 24 * 3_600_000), "max.message.bytes": "54321" });
  },
  async "partitions are refused, more of them unless they are allowed"() {
    const topics = ["templates.v1.events", "admin.v1.events"];
    await admin.deleteTopics({ topics });
    await eventually("the topics are gone", async () => !(await admin.listTopics()).some((name) => topics.includes(name)));
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic: topics[0], numPartitions: 2 }, { topic: topics[1], numPartitions: 12 }] });
    await eventually("the new topics are known", async () => {
      const [few, many] = await Promise.all(topics.map((topic) => partitionsOf(topic).catch(() => 0)));
      return few === 2 && many === 12;
    });
    const refused = await broker.applyContracts();
    assert.equal(refused.code, 1);
    assert.match(lineOf(refused.stdout, topics[0]), /^REFUSED: 2 -> 8 partitions: keys would move.*--allow-more-partitions$/);
    assert.match(lineOf(refused.stdout, topics[1]), /^REFUSED: 12 -> 8 partitions: a topic cannot have fewer than before/);
    assert.equal(await partitionsOf(topics[0]), 2);
    const allowed = await broker.applyContracts("--allow-more-partitions");
    assert.equal(allowed.code, 1, "the other one is still refused");
    assert.equal(lineOf(allowed.stdout, topics[0]), "changed: 2 -> 8 partitions");
    await eventually("eight partitions", async () => (await partitionsOf(topics[0])) === 8);
  },
  async "a broker that is away is said"() {
    await admin.disconnect();
    await broker.kill();
    const { code, stderr } = await broker.applyContracts();
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`^millrace contracts apply: Kafka at ${broker.brokers}: topics: `));
  },
});
