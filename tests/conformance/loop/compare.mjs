// Compares the loop with Node, scenario by scenario: fixed ones, and random
// ones from a seed on.
//
//   node compare.mjs --binary MILLRACE [--count N] [--seed S] [--jobs J]
//                    [--random-only] [FILE...]
//
// Ends with 1 after printing every difference, the first few shrunk.
import { on } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from
  'node:worker_threads';

import { COUNT, SEED } from './defaults.mjs';
import { generate } from './generator.mjs';
import { loopRunners, nodeRunner } from './processes.mjs';
import { onlyTrace } from './profiles.mjs';
import { shrink } from './shrink.mjs';
import { traceLine, verdict } from './verdict.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const EXAMPLES = path.join(HERE, '../../../../shared/data/loop-scenarios');
const CHUNK = 40;
const MAX_SHRUNK = 3;
const SHRINK_MS = 60_000;

// In a worker: takes chunks of seeds as the main thread hands them out.
async function work({ binary }) {
  const node = nodeRunner();
  const loops = loopRunners(binary);
  for await (const seeds of chunks()) {
    const made = seeds.map((seed) => {
      const { scenario, trace } = generate(seed);
      return { seed, scenario, text: JSON.stringify(scenario),
        model: traceLine(trace) };
    });
    const [expected, ...actual] = await Promise.all(
      [node, ...loops].map((runner) => runner.together(made)));
    let retried = 0;
    for (const [i, { seed, text, model }] of made.entries()) {
      const agrees = expected[i] === model &&
        actual.every((lines) => lines[i] === expected[i]);
      if (agrees) continue;
      retried++;
      const difference = await verdict(text, node, loops, model);
      if (difference) parentPort.postMessage({ seed, text, difference });
    }
    parentPort.postMessage({ done: made.length, retried });
  }
}

async function* chunks() {
  const messages = on(parentPort, 'message');
  parentPort.postMessage({ done: 0, retried: 0 });
  for await (const [seeds] of messages) {
    if (seeds === null) {
      parentPort.close();
      return;
    }
    yield seeds;
  }
}

// Every seed through the workers; {differences, retried}.
function compareRandom({ binary, count, seed, jobs }) {
  const found = { differences: [], retried: 0 };
  let next = seed, done = 0;
  const started = Date.now();
  const workers = Array.from({ length: jobs }, () => new Promise(
    (resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url),
        { workerData: { binary } });
      worker.on('error', reject);
      worker.on('exit', resolve);
      worker.on('message', (message) => {
        if (message.difference) {
          found.differences.push(message);
          console.log(`seed ${message.seed} differs`);
          return;
        }
        done += message.done;
        found.retried += message.retried;
        if (message.done > 0 && Math.floor(done / 1000) >
            Math.floor((done - message.done) / 1000)) {
          const seconds = Math.round((Date.now() - started) / 1000);
          console.log(`${done} scenarios in ${seconds} s, ` +
            `${found.differences.length} differ`);
        }
        const seeds = [];
        while (seeds.length < CHUNK && next < seed + count) seeds.push(next++);
        worker.postMessage(seeds.length > 0 ? seeds : null);
      });
    }));
  return Promise.all(workers).then(() => found);
}

// Scenarios from files, each in processes of its own, `jobs` at a time.
async function compareFiles(files, node, loops, jobs) {
  const differences = [];
  const waiting = [...files];
  const compare = async () => {
    for (let file; (file = waiting.shift());) {
      const text = fs.readFileSync(file, 'utf8');
      const trace = file.replace(/\.json$/, '.trace.json');
      const known =
        fs.existsSync(trace) ? fs.readFileSync(trace, 'utf8').trim() : null;
      const difference = await verdict(text, node, loops, known);
      if (difference) differences.push({ file, text, difference });
    }
  };
  await Promise.all(Array.from({ length: jobs }, compare));
  return differences;
}

function filesIn(directory) {
  return fs.readdirSync(directory).sort()
    .filter((name) => name.endsWith('.json') && !name.endsWith('.trace.json'))
    .map((name) => path.join(directory, name));
}

async function report({ seed, file, text, difference }, node, loops, smaller) {
  const { source, scale, expected, actual } = difference;
  console.log(`\n${file ?? `seed ${seed}`}: '${source}' differs from Node, ` +
    `also with SCALE=${scale}`);
  console.log(`  node    ${expected}\n  ${source.padEnd(7)} ${actual}`);
  let shrunk = text.trim();
  if (smaller) {
    const runners = loops.filter((loop) => loop.name === source);
    const interesting = async (made) => {
      const trace = onlyTrace(made);
      if (!trace) return false;
      const madeText = JSON.stringify(made);
      const known = source === 'known' ? traceLine(trace) : null;
      // Twice: an interesting one is not to be an accident of the machine.
      for (const times of [1, 3]) {
        const line = await node.alone(madeText, times);
        const other = known ?? await runners[0].alone(madeText, times);
        if (line === other) return false;
      }
      return true;
    };
    shrunk = JSON.stringify(
      await shrink(JSON.parse(text), interesting, SHRINK_MS));
  }
  console.log(`  ${smaller ? 'shrunk' : 'scenario'}: ${shrunk}`);
  console.log(seed === undefined ?
    `  again: MILLRACE_BIN=build/release/bin tests/conformance/loop/run ` +
      `compare.mjs --count 0 ${path.relative('.', file)}` :
    `  again: tools/dev loop-conformance 1 ${seed}`);
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      binary: { type: 'string' },
      count: { type: 'string', default: String(COUNT) },
      seed: { type: 'string', default: String(SEED) },
      jobs: { type: 'string', default: String(os.availableParallelism()) },
      'random-only': { type: 'boolean', default: false },
    },
  });
  const options = { binary: values.binary, count: Number(values.count),
    seed: Number(values.seed), jobs: Number(values.jobs) };
  if (!options.binary || [options.count, options.seed, options.jobs]
    .some((number) => !Number.isSafeInteger(number) || number < 0)) {
    console.error('usage: see the head of compare.mjs');
    process.exit(2);
  }
  const node = nodeRunner();
  const loops = loopRunners(options.binary);

  let files = positionals;
  if (files.length === 0 && !values['random-only']) {
    files = filesIn(path.join(HERE, 'fixed'));
    if (fs.existsSync(EXAMPLES)) files.push(...filesIn(EXAMPLES));
    else console.log(`skipped: no examples in ${path.relative('.', EXAMPLES)}`);
  }
  const differences = await compareFiles(files, node, loops, options.jobs);
  console.log(`${files.length} fixed scenarios, ${differences.length} differ`);
  if (options.count > 0) {
    const random = await compareRandom(options);
    console.log(`${options.count} random scenarios from seed ${options.seed}, ` +
      `${random.differences.length} differ (${random.retried} were run again ` +
      'with longer times)');
    differences.push(...random.differences);
  }
  for (const [i, difference] of differences.entries()) {
    await report(difference, node, loops,
      i < MAX_SHRUNK && difference.file === undefined);
  }
  process.exitCode = differences.length > 0 ? 1 : 0;
}

if (isMainThread) await main();
else await work(workerData);
