// The main job in one process: 1,000 people, kill -9 at 20 random moments.
// Usage: node main_job_all_in_one.mjs [people] [kills] [seed] [flags of `millrace up`, as in --loops 2]
import { GrpcFace, HttpFace } from "./lib/clients.mjs";
import { checkAll, createAll } from "./lib/main_job.mjs";
import { people, random } from "./lib/people.mjs";
import { scratch, startAllInOne } from "./lib/platform.mjs";

const given = process.argv.slice(2);
const firstFlag = given.findIndex((arg) => arg.startsWith("--"));
const flags = firstFlag < 0 ? [] : given.splice(firstFlag);
const [count = 1000, kills = 20, seed = 20261] = given.map(Number);
const dir = scratch("all-in-one");
const next = random(seed);
console.log(`people ${count}, kills ${kills}, seed ${seed} ${flags.join(" ")}`);

let platform;
let faces;
const boot = async () => {
  const started = await startAllInOne(dir, flags);
  faces?.grpc.close();
  faces = { grpc: new GrpcFace(started.grpc), http: new HttpFace(started.http) };
  platform = started.program;
};
await boot();

// A kill when that many people are there, and up to 30 ms later.
const moments = Array.from({ length: kills }, () => Math.floor(next() * count)).sort((a, b) => a - b);
let killing = Promise.resolve();
const onCreated = (n) => {
  while (moments.length > 0 && n > moments[0]) {
    moments.shift();
    const wait = Math.floor(next() * 30);
    killing = killing.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, wait));
      await platform.kill("SIGKILL");
      await boot();
    });
  }
};

const begin = Date.now();
await createAll(people(count, seed), () => faces, onCreated);
await killing;
console.log(`created in ${Date.now() - begin} ms`);
const result = await checkAll(people(count, seed), faces.grpc);
console.log(`checked ${JSON.stringify(result)}`);

const { code } = await platform.kill("SIGTERM");
if (code !== 0) throw new Error(`SIGTERM ended the platform with code ${code}`);
await boot();
await checkAll(people(count, seed), faces.grpc);
console.log("the same after a clean stop and another start");
const interrupted = await platform.kill("SIGINT");
if (interrupted.code !== 0) throw new Error(`SIGINT ended the platform with code ${interrupted.code}`);
faces.grpc.close();
