// Consumers of one group come, go, freeze and die.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

// A frozen member loses its partitions, and wakes up without knowing.
const zombie = (named) => async (stage) => {
  const events = stage.long ? 30_000 : 5_000;
  await stage.createTopic();
  await stage.writer({ events, rate: events / 6 });
  const name = (member) => (named ? { member } : {});
  const frozen = await stage.reader({ handler_ms: 20, ...name("a") });
  await stage.reader({ handler_ms: 20, ...name("b") });
  await stage.applied(0.2);
  frozen.child.kill("SIGSTOP");
  // Not for longer than that: it may hold a lock of the database.
  await stage.until("the frozen member out of the group", async () => {
    const { state, members } = await stage.brokers.group(stage.group);
    return state === "Stable" && members.length === 1;
  });
  frozen.child.kill("SIGCONT");
  await stage.settle();
};

async function storm(stage, { members, rounds, pause }) {
  const events = stage.long ? 20_000 : 6_000;
  if (stage.long && stage.postgres) stage.usePostgres();
  await stage.createTopic(12);
  await stage.writer({ events, lanes: 2, per_tx: 16, rate: events / (stage.long ? 60 : 8) });
  const running = [];
  for (let round = 0; round < rounds; ++round) {
    if (running.length < members) running.push(await stage.reader({ handler_ms: 2 }));
    await sleep(pause);
    if (running.length === members || round % 3 === 2) {
      const [leaving] = running.splice(round % running.length, 1);
      // Some say goodbye, some do not.
      if (round % 2 === 0) await stage.kill(leaving);
      else await stage.end(leaving);
    }
  }
  await stage.reader();
  await stage.settle();
}

export const memberFaults = {
  "zombie": { short: true, run: zombie(false) },
  "zombie-named": { run: zombie(true) },
  "rebalance-storm": {
    short: true,
    run: (stage) => storm(stage, stage.long ? { members: 10, rounds: 60, pause: 1000 } : { members: 4, rounds: 8, pause: 500 }),
  },
  "killed-in-rebalance": {
    async run(stage) {
      const events = stage.long ? 20_000 : 6_000;
      await stage.createTopic();
      await stage.writer({ events, rate: events / 8 });
      let steady = await stage.reader();
      for (let round = 0; round < 5; ++round) {
        const joining = await stage.reader();
        await sleep(50 + 150 * round);
        // Once who joins, once who hands over.
        const dying = round % 2 === 0 ? joining : steady;
        await stage.kill(dying);
        if (dying === steady) steady = joining;
        await sleep(1000);
      }
      await stage.settle();
    },
  },
  "offsets-rewound": {
    short: true,
    async run(stage) {
      await stage.createTopic();
      await stage.writer({ events: stage.long ? 20_000 : 3_000 });
      const reader = await stage.reader();
      await stage.settle();
      await stage.end(reader);
      const { group: groupId, topic } = stage;
      await stage.brokers.admin((admin) => admin.setOffsets({
        groupId, topic,
        partitions: Array.from({ length: 6 }, (_, partition) => ({ partition, offset: "0" })),
      }));
      assert.ok((await stage.brokers.lag(groupId, topic)) >= stage.events, "the offsets are rewound");
      await stage.reader();
      await stage.settle();
    },
  },
};
