// The only broker is killed, frozen, or cut off.
import { setTimeout as sleep } from "node:timers/promises";

// Writer and reader at work, `fault` in the middle, and all is well at the end.
// `rate` lets the fault meet both.
async function inTheMiddle(stage, { events, rate = events / 5, brokers }, fault) {
  await stage.createTopic();
  const where = brokers ? { brokers } : {};
  await stage.writer({ events, rate, ...where });
  await stage.reader(where);
  await stage.applied(0.3);
  await fault();
  await stage.settle();
}

const SESSION_MS = 3000; // the default of the service

export const brokerFaults = {
  "broker-killed": {
    short: true,
    async run(stage) {
      const [broker] = stage.brokers.all;
      await inTheMiddle(stage, { events: stage.long ? 100_000 : 10_000 }, async () => {
        await broker.kill();
        await sleep(1000);
        await broker.start();
      });
    },
  },
  "broker-frozen": {
    short: true,
    async run(stage) {
      const [broker] = stage.brokers.all;
      await inTheMiddle(stage, { events: stage.long ? 50_000 : 5_000 }, async () => {
        broker.freeze();
        await sleep(SESSION_MS + 2000);
        broker.thaw();
      });
    },
  },
  ...Object.fromEntries([
    ["network-cut", {}, true],
    ["network-cut-to-broker", { toClient: false }],
    ["network-cut-from-broker", { toServer: false }],
  ].map(([name, directions, short = false]) => [name, {
    short,
    async run(stage) {
      const { proxy, proxied } = stage.brokers;
      await inTheMiddle(stage, { events: stage.long ? 20_000 : 5_000, brokers: proxied }, async () => {
        proxy.cut(directions);
        // Longer than the session, and than a request may take (long form).
        await sleep(stage.long ? 15_000 : SESSION_MS + 2000);
        proxy.heal();
      });
    },
  }])),
};
