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

export const clusterFaults = {
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
