// Of three brokers, some are away.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

// Resident memory of a service, in MiB.
function memoryOf(service) {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${service.child.pid}/status`, "utf8"));
  return Number(kib) / 1024;
}

async function begin(stage, events) {
  await stage.createTopic();
  const writer = await stage.writer({ events, rate: events / 6 });
  const reader = await stage.reader();
  await stage.applied(0.2);
  return { writer, reader };
}

// The leader and the others lose sight of each other, or only it of them, while
// clients see all of them.
async function cutOff(stage, { oneWay }) {
  await begin(stage, stage.long ? 50_000 : 6_000);
  const { brokers } = stage;
  const leader = await brokers.leader(stage.topic);
  const others = brokers.all.filter((broker) => broker !== leader);
  brokers.cut(leader, others);
  if (!oneWay) for (const other of others) brokers.cut(other, [leader]);
  try {
    // Who cannot speak to the controller is followed by another, unless the
    // controller is with it.
    if (oneWay) await sleep(10_000);
    else await stage.until("another leader", async () => (await brokers.leader(stage.topic)) !== leader);
    // The others go on without it, and it takes nothing that they do not know.
    await stage.applied(1);
    assert.ok(brokers.lost() > 0, "packets were lost");
  } finally {
    brokers.heal();
  }
  await stage.settle();
}

export const clusterFaults = {
  "leader-cut-off": { short: true, run: (stage) => cutOff(stage, { oneWay: false }) },
  "leader-cut-off-one-way": { run: (stage) => cutOff(stage, { oneWay: true }) },
  "leader-killed": {
    short: true,
    async run(stage) {
      await begin(stage, stage.long ? 50_000 : 6_000);
      const leader = await stage.brokers.leader(stage.topic);
      await leader.kill();
      // The others go on without it.
      await stage.applied(1);
      await leader.start();
      await stage.settle();
    },
  },
  "two-of-three-down": {
    short: true,
    async run(stage) {
      const events = stage.long ? 60_000 : 12_000;
      const { writer } = await begin(stage, events);
      const [, second, third] = stage.brokers.all;
      await Promise.all([second.kill(), third.kill()]);
      // Changes are taken all the same, and their events wait.
      const before = stage.progress().committed;
      await stage.until("changes while the brokers are away", ({ committed }) => committed >= before + events / 10);
      const memory = memoryOf(writer);
      await stage.until("more of them", ({ committed }) => committed >= before + events / 2);
      assert.ok(stage.progress().waiting > events / 10, `${stage.progress().waiting} events wait`);
      const grown = memoryOf(writer) - memory;
      assert.ok(grown < 24, `the writer's memory has grown by ${grown.toFixed(1)} MiB while ${stage.progress().waiting} events wait`);
      await Promise.all([second.start(), third.start()]);
      await stage.settle();
    },
  },
  "rolling-restart": {
    async run(stage) {
      await begin(stage, stage.long ? 50_000 : 6_000);
      for (const broker of stage.brokers.all) {
        await broker.stop();
        await broker.start();
        await sleep(2000);
      }
      await stage.settle();
    },
  },
  "leader-frozen": {
    async run(stage) {
      await begin(stage, stage.long ? 50_000 : 6_000);
      const leader = await stage.brokers.leader(stage.topic);
      leader.freeze();
      await sleep(8000);
      leader.thaw();
      await stage.settle();
    },
  },
};
