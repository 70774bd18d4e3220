// The database is killed, its disk is full, the clock jumps.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { ShiftedClock } from "../../e2e/lib/clock.mjs";
import { Unavailable } from "../../e2e/lib/servers.mjs";

const HOUR = 3600;

export const databaseFaults = {
  "postgres-killed": {
    short: true,
    async run(stage) {
      if (!stage.postgres) throw new Unavailable("PostgreSQL is not installed");
      stage.usePostgres();
      await stage.createTopic();
      const events = stage.long ? 10_000 : 1_500;
      await stage.writer({ events, lanes: 2, per_tx: 16, rate: events / 6 });
      await stage.reader();
      for (const share of stage.long ? [0.2, 0.4, 0.6] : [0.3]) {
        await stage.applied(share);
        await stage.postgres.kill();
        await sleep(1000);
        await stage.postgres.start();
      }
      await stage.settle();
    },
  },
  "disk-full": {
    async run(stage) {
      if (process.getuid() !== 0) throw new Unavailable("only root can mount a small file system");
      const disk = join(stage.dir, "disk");
      mkdirSync(disk);
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], { stdio: "pipe" });
      } catch (error) {
        throw new Unavailable(`no file system can be mounted: ${error.stderr}`);
      }
      stage.atEnd = () => execFileSync("umount", [disk]);
      stage.emit = `sqlite://${join(disk, "emit.db")}`;
      await stage.createTopic();
      const events = stage.long ? 20_000 : 4_000;
      const writer = await stage.writer({ events, rate: events / 5 });
      await stage.reader();
      await stage.applied(0.3);
      const ballast = join(disk, "ballast");
      try {
        writeFileSync(ballast, Buffer.alloc(32 << 20));
      } catch {
        // As much as there was room for.
      }
      await stage.until("a change that finds no room", () => writer.errors.some((line) => /a change failed.*RESOURCE_EXHAUSTED/.test(line)));
      unlinkSync(ballast);
      await stage.settle();
    },
  },
  "database-slow": {
    short: true,
    async run(stage) {
      if (!stage.postgres) throw new Unavailable("PostgreSQL is not installed");
      stage.usePostgres();
      await stage.createTopic();
      const events = stage.long ? 10_000 : 1_500;
      await stage.writer({ events, lanes: 2, per_tx: 16, rate: events / 6 });
      await stage.reader();
      const database = new URL(stage.apply).pathname.slice(1);
      for (const share of stage.long ? [0.2, 0.4, 0.6] : [0.3]) {
        await stage.applied(share);
        // Nobody writes for longer than the session, and the group must not mind.
        const generation = (await stage.brokers.group(stage.group)).members[0].memberId;
        await stage.postgres.sleepLocked("applied", 6, database);
        assert.equal((await stage.brokers.group(stage.group)).members[0].memberId, generation, "the reader left its group");
      }
      await stage.settle();
    },
  },
  "clock-jumps": {
    async run(stage) {
      const clock = new ShiftedClock(stage.dir);
      await stage.createTopic();
      const events = stage.long ? 20_000 : 4_000;
      await stage.run({ emit: stage.emit, acks: stage.acks, events, rate: events / 8, shared: 1 }, clock.env);
      await stage.run({ apply: stage.apply }, clock.env);
      await stage.applied(0.2);
      // Further ahead than a topic takes the times of records.
      for (const shift of [2 * HOUR, -2 * HOUR, 0]) {
        clock.shift(shift);
        await sleep(1500);
      }
      await stage.settle();
    },
  },
};
