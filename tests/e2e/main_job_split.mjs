// The main job in three processes on Apache Kafka and PostgreSQL: 1,000
// people; each service and the broker killed and restarted once meanwhile.
// Usage: node main_job_split.mjs [people] [seed]
import { checkAll, createAll } from "./lib/main_job.mjs";
import { people } from "./lib/people.mjs";
import { scratch } from "./lib/platform.mjs";
import { Kafka, Postgres, skipUnlessHad } from "./lib/servers.mjs";
import { Split } from "./lib/split.mjs";

const [count = 1000, seed = 20262] = process.argv.slice(2).map(Number);
const dir = scratch("split");
const kafka = await Kafka.create(dir).catch(skipUnlessHad);
const postgres = await Postgres.create(dir).catch(skipUnlessHad);
const platform = new Split(dir, kafka, postgres);
await platform.start();
console.log(`people ${count}, seed ${seed}`);

// What happens when a share of the people is there.
const incidents = [
  [0.2, "templates", () => platform.crash("templates")],
  [0.35, "users", () => platform.crash("users")],
  [0.5, "the broker", async () => { await kafka.kill(); await kafka.start(); }],
  [0.8, "admin", () => platform.crash("admin")],
];
let mending = Promise.resolve();
const onCreated = (n) => {
  while (incidents.length > 0 && n > incidents[0][0] * count) {
    const [, what, strike] = incidents.shift();
    mending = mending.then(async () => {
      const begin = Date.now();
      await strike();
      console.log(`killed and restarted ${what} at ${n} people: ${Date.now() - begin} ms`);
    });
  }
};

const begin = Date.now();
await createAll(people(count, seed), () => platform.faces, onCreated);
await mending;
if (incidents.length > 0) throw new Error("not every process was killed");
console.log(`created in ${Date.now() - begin} ms`);
const result = await checkAll(people(count, seed), platform.faces.grpc, { idleMs: 60_000 });
console.log(`checked ${JSON.stringify(result)}`);

await platform.stop();
await kafka.kill();
await postgres.stop();
