// The only broker is killed, frozen, or cut off.
import { execFileSync } from "node:child_process";
import { mkdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Unavailable } from "../../e2e/lib/servers.mjs";
import { Brokers } from "../lib/brokers.mjs";

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
  "broker-disk-full": {
    async run(stage) {
      if (process.getuid() !== 0) throw new Unavailable("only root can mount a small file system");
      const dir = join(stage.dir, "kafka");
      const disk = join(dir, "broker-1", "data");
      mkdirSync(disk, { recursive: true });
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=48m", "tmpfs", disk], { stdio: "pipe" });
      } catch (error) {
        throw new Unavailable(`no file system can be mounted: ${error.stderr}`);
      }
      // One of its own: the others want theirs whole.
      const brokers = await Brokers.create(dir, { size: 1 });
      stage.brokers = brokers;
      stage.atEnd = async () => {
        await brokers.close();
        execFileSync("umount", [disk]);
      };
      const [broker] = brokers.all;
      await inTheMiddle(stage, { events: stage.long ? 50_000 : 10_000 }, async () => {
        const ballast = join(disk, "ballast");
        try {
          writeFileSync(ballast, Buffer.alloc(64 << 20));
        } catch {
          // As much as there was room for.
        }
        // It gives up its only directory, and with that itself.
        await stage.until("the broker's end", () => broker.program.exit);
        unlinkSync(ballast);
        await broker.start();
      });
    },
  },
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
