// Fault tests: what is acknowledged is applied exactly once and in the order of
// its key, whatever breaks meanwhile.
//
//   run [--long] [--one|--three] [NAME...]
//
// Each case has a topic, databases and service processes of its own. Without
// --long only those of the short form run, with fewer events; --one and --three
// leave those that need one broker or three.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { scratch } from "../e2e/lib/platform.mjs";
import { Postgres, Unavailable, skipUnlessHad } from "../e2e/lib/servers.mjs";
import { brokerFaults } from "./cases/brokers.mjs";
import { clusterFaults } from "./cases/cluster.mjs";
import { databaseFaults } from "./cases/databases.mjs";
import { memberFaults } from "./cases/members.mjs";
import { serviceFaults } from "./cases/services.mjs";
import { topicFaults } from "./cases/topics.mjs";
import { Brokers } from "./lib/brokers.mjs";
import { Stage } from "./lib/stage.mjs";

const words = process.argv.slice(2);
const flags = new Set(words.filter((word) => word.startsWith("--")));
const names = words.filter((word) => !word.startsWith("--"));
const long = flags.has("--long");
const one = { ...serviceFaults, ...brokerFaults, ...memberFaults, ...topicFaults, ...databaseFaults };
const three = clusterFaults;
const unknown = names.filter((name) => !(name in one) && !(name in three));
if (unknown.length > 0) {
  console.error(`faults: no case '${unknown[0]}'; there are: ${[...Object.keys(one), ...Object.keys(three)].join(" ")}`);
  process.exit(64);
}

const dir = scratch("faults");
const isChosen = ([name, { short }]) => (names.length > 0 ? names.includes(name) : long || short);

async function play(name, { run }, servers) {
  const stage = new Stage(name, { dir, long, ...servers });
  const start = Date.now();
  const took = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
  try {
    await run(stage);
    await stage.check();
    console.log(`ok      ${name} (${stage.events} events, ${took()})`);
  } catch (error) {
    if (error instanceof Unavailable) {
      console.log(`skipped ${name}: ${error.message}`);
      return;
    }
    process.exitCode = 1;
    console.log(`FAILED  ${name} (${took()}); logs in ${stage.dir}\n${error.stack ?? error}`);
  } finally {
    await stage.close();
  }
}

async function playAll(cases, size, makePostgres) {
  const chosen = Object.entries(cases).filter(isChosen);
  if (chosen.length === 0) return;
  // A cluster that began with another's data would have its topics, of one replica.
  const home = join(dir, `cluster-of-${size}`);
  mkdirSync(home);
  const brokers = await Brokers.create(home, { size }).catch(skipUnlessHad);
  const postgres = await makePostgres();
  for (const [name, one] of chosen) await play(name, one, { brokers, postgres });
  await brokers.close();
  await postgres?.stop();
}

async function postgresIfHad() {
  try {
    return await Postgres.create(join(dir));
  } catch (error) {
    if (error instanceof Unavailable) return undefined;
    throw error;
  }
}

if (!flags.has("--three")) await playAll(one, 1, postgresIfHad);
if (!flags.has("--one")) await playAll(three, 3, async () => undefined);
