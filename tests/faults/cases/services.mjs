// The service itself is killed, where it hurts and where it happens.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

async function diesAt(stage, point, options) {
  const service = await stage.run({ ...options, die: point });
  const { signal } = await service.exited;
  assert.equal(signal, "SIGKILL", `nobody died ${point}; see ${service.log}`);
}

// Kills writer and reader at any time and starts them again.
async function killAtRandom(stage, { events, kills }) {
  await stage.createTopic();
  const both = { emit: stage.emit, acks: stage.acks, apply: stage.apply, events, rate: events / 10 };
  for (let i = 0; i < kills; ++i) {
    const service = await stage.run(both);
    await sleep(200 + Math.random() * 1500);
    await stage.kill(service);
  }
  await stage.run(both);
  await stage.settle();
}

export const serviceFaults = {
  "killed-at-each-point": {
    short: true,
    async run(stage) {
      await stage.createTopic();
      const events = stage.long ? 10_000 : 2_000;
      const emit = { emit: stage.emit, acks: stage.acks, events, rate: events };
      const apply = { apply: stage.apply };
      await diesAt(stage, "before-commit:20", { ...emit, relay: 0 });
      await diesAt(stage, "after-commit:20", { ...emit, relay: 0 });
      await diesAt(stage, "after-send:2", emit);
      await diesAt(stage, "after-publish:2", emit);
      await diesAt(stage, "after-effect:50", { ...emit, ...apply });
      await diesAt(stage, "after-effect:1", apply);
      await stage.run({ ...emit, ...apply });
      await stage.settle();
    },
  },
  "sqlite-killed": {
    run: (stage) => killAtRandom(stage, stage.long ? { events: 30_000, kills: 12 } : { events: 5_000, kills: 3 }),
  },
  "sigterm-under-load": {
    short: true,
    async run(stage) {
      await stage.createTopic();
      const events = stage.long ? 40_000 : 6_000;
      const both = { emit: stage.emit, acks: stage.acks, apply: stage.apply, events, rate: events / 4 };
      for (let i = 0; i < 2; ++i) {
        const service = await stage.run(both);
        await stage.applied(0.2 * (i + 1));
        await stage.end(service);
      }
      await stage.run(both);
      await stage.settle();
    },
  },
  "two-relays": {
    short: true,
    async run(stage) {
      if (stage.postgres) stage.usePostgres();
      await stage.createTopic();
      const events = stage.long ? 10_000 : 1_500;
      const shared = { shared: 1, lanes: 2, per_tx: 16 };
      const owner = await stage.writer({ events, rate: events / 8, ...shared });
      await stage.writer({ ...shared });
      await stage.reader();
      await stage.applied(0.2);
      // Past its lease: the other publishes, and then it wakes up.
      owner.child.kill("SIGSTOP");
      await sleep(4000);
      owner.child.kill("SIGCONT");
      await stage.settle();
    },
  },
};
