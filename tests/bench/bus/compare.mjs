// compare.mjs BUS_BENCH [--rounds N] [--count N] [CASE...]: the bus beside
// librdkafka and SQLite in a bare C loop, and beside kafkajs, in turns, N rounds
// long, on a broker of its own. Printed are medians of events per second and
// of the rounds' ratios, by wall clock and by the CPU time of the process, and
// whether the goal is met. Both cores are shared with the broker.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { scratch } from '../../e2e/lib/platform.mjs';
import { Kafka, Postgres } from '../../e2e/lib/servers.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));

// floor: events per second, at least this part of the floor's; node: at least
// so many times kafkajs'; bound: seconds at most; switches: no more than the
// floor; latency: the 99th percentile, at most so many times the floor's;
// compare: only told. (read is consume beside a bare loop and a kafkajs that read
// the headers and decode the payload, as every typed listener must; relay is
// what one relay publishes beside what 64 requests at once commit.)
const CASES = {
  publish: { floor: 0.9, node: true, partitions: 6 },
  consume: { floor: 0.85, node: 5, partitions: 6, filled: true },
  read: { compare: true, node: true, partitions: 6, filled: true },
  lanes: { floor: 50, partitions: 1, filled: true, events: 20_000, floorEvents: 400 },
  drain: { bound: 10, partitions: 6, filled: true, events: 20_000 },
  embedded: { floor: 0.5, embedded: true },
  audited: { latency: 3, partitions: 6, events: 1000, database: true },
  relay: { compare: true, partitions: 6, events: 20_000, database: true },
  idle: { switches: 1, partitions: 6, events: 1 },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    count: { type: 'string', default: '100000' },
  },
});
const [program, ...chosen] = positionals;
const rounds = Number(values.rounds);
const count = Number(values.count);
if (program === undefined || !(rounds >= 1) || !(count >= 1)) {
  console.error('usage: compare.mjs BUS_BENCH [--rounds N] [--count N] [CASE...]');
  process.exit(2);
}
const unknown = chosen.filter((name) => !(name in CASES));
if (unknown.length > 0) {
  console.error(`unknown case ${unknown.join(', ')}; there are: ${Object.keys(CASES).join(' ')}`);
  process.exit(2);
}
const cases = Object.entries(CASES).filter(([name]) => chosen.length === 0 || chosen.includes(name));

const output = (file, args) => execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

let brokers = '-';
let database;
let names = 0;
function run(side, topic, events) {
  return JSON.parse(output(program, [side, brokers, topic, `group-${++names}`, String(events), ...(database ? [database] : [])]));
}
const runNode = (what, topic, events) => JSON.parse(output(process.execPath, [
  path.join(HERE, 'twin.mjs'), what, brokers, topic, `group-${++names}`, String(events)]));

function newTopic(partitions) {
  const topic = `topic-${++names}`;
  output(program, ['prepare', brokers, topic, '-', String(partitions)]);
  return topic;
}

function median(numbers) {
  const sorted = numbers.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
const rate = (result) => result && result.count / result.seconds;
const cpu = (result) => result && (result.cpu_seconds / result.count) * 1e6;

function measure(name, one) {
  const events = one.events ?? count;
  const hasFloor = one.floor !== undefined || one.switches !== undefined || one.latency !== undefined || one.compare;
  const filled = one.filled ? newTopic(one.partitions) : undefined;
  if (filled) run('publish_floor', filled, events);
  const topic = () => filled ?? (one.embedded ? 'topic' : newTopic(one.partitions));
  const samples = [];
  for (let round = 0; round < rounds; ++round) {
    samples.push({
      ours: run(name, topic(), events),
      floor: hasFloor ? run(`${name}_floor`, topic(), one.floorEvents ?? events) : undefined,
      node: one.node ? runNode(name, topic(), events) : undefined,
    });
  }
  return samples;
}

function verdict(one, samples) {
  const of = (f) => median(samples.map(f));
  const toFloor = of(({ ours, floor }) => rate(ours) / rate(floor));
  const toNode = of(({ ours, node }) => rate(ours) / rate(node));
  const goals = [];
  if (one.floor !== undefined) goals.push([`floor x ${one.floor}`, toFloor >= one.floor]);
  if (typeof one.node === 'number') goals.push([`node x ${one.node}`, toNode >= one.node]);
  if (one.bound !== undefined) goals.push([`in ${one.bound} s`, of(({ ours }) => ours.seconds) <= one.bound]);
  if (one.switches !== undefined) {
    goals.push(['floor', of(({ ours, floor }) => ours.count / floor.count) <= one.switches]);
  }
  if (one.latency !== undefined) {
    goals.push([`p99: floor x ${one.latency}`, of(({ ours, floor }) => ours.whole.p99 / floor.whole.p99) <= one.latency]);
  }
  return {
    toFloor, toNode,
    goal: goals.map(([text]) => text).join(', '),
    met: goals.every(([, met]) => met),
  };
}

const widths = [10, 11, 11, 11, 14, 13, 20, 22, 9];
const row = (...cells) => console.log(
  cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(''));
const number = (value) => (value === undefined ? '-' : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0));

if (cases.some(([, one]) => !one.embedded)) {
  brokers = (await Kafka.create(scratch('bus-bench'))).brokers;
}
if (cases.some(([, one]) => one.database)) {
  const postgres = await Postgres.create(scratch('bus-bench-postgres'));
  database = postgres.createDatabase('bench');
}
row('case', 'ours /s', 'floor /s', 'node /s', 'ours / floor', 'ours / node', 'CPU us o/f/n', 'goal', '');
let missed = 0;
for (const [name, one] of cases) {
  const samples = measure(name, one);
  const of = (f) => median(samples.map(f));
  const { toFloor, toNode, goal, met } = verdict(one, samples);
  if (!met) ++missed;
  const sides = ['ours', 'floor', 'node'];
  row(name, ...sides.map((side) => number(of((s) => rate(s[side])))), number(toFloor), number(toNode),
    sides.map((side) => number(of((s) => cpu(s[side])))).join(' / '), goal || '-', goal === '' ? '' : met ? 'met' : 'missed');
  if (one.latency !== undefined) {
    const ms = (side, part) => ['p50', 'p99'].map((p) => number(of((s) => s[side][part][p]) * 1e3)).join(' / ');
    for (const side of ['ours', 'floor']) {
      console.log(`  ${side}, ms at p50 / p99: ${ms(side, 'whole')}: commit ${ms(side, 'first')}, record ${ms(side, 'sent')}, commit ${ms(side, 'second')}`);
    }
  }
}
console.log(missed === 0 ? 'every goal is met' : `${missed} goals are missed`);
process.exit(0);  // ends the broker
