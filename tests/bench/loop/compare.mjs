// compare.mjs LOOP_BENCH [--rounds N] [--seconds S] [CASE...]: the loop and the
// emitter beside their floor (bare C++ or libuv) and beside Node.
//
// Each case runs ours and the floor in one process and Node in another, in
// turns, N rounds long. Printed are the medians in nanoseconds per operation,
// the medians of the rounds' ratios, and whether the goal is met. Times are CPU
// time of the loop's thread, except of `post` and `loops`, where two threads
// work.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

// floor: ours may take at most that many times the floor's time; node: Node
// must take at least that many times ours; rate: operations per second.
const CASES = [
  { name: 'emit_1', floor: 1.5 },
  { name: 'emit_10', floor: 1.5 },
  { name: 'tick_chain', node: 5 },
  { name: 'tick_batch', node: 5 },
  { name: 'microtask_chain', node: 5 },
  { name: 'microtask_batch', node: 5 },
  { name: 'turn', node: 5 },
  { name: 'turn_socket', node: 5 },
  { name: 'immediate_batch', node: 5 },
  { name: 'then' },
  { name: 'await_value', node: 5 },
  { name: 'await_promise', node: 5 },
  { name: 'await_coroutine', node: 5 },
  { name: 'await_nested', node: 5 },
  { name: 'timers_1', parts: { insert: { node: 5 }, clear: { node: 5 }, sum: { floor: 1 / 5 } } },
  { name: 'timers_1000', parts: { insert: { node: 5 }, clear: { node: 5 }, sum: { floor: 1 / 5 } } },
  { name: 'post', rate: 5e6, alone: true },
  // Two loops on two cores beside one.
  { name: 'loops', floor: 1 / 1.8, alone: true },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '0.4' },
  },
});
const [program, ...chosen] = positionals;
const rounds = Number(values.rounds);
if (program === undefined || !(rounds >= 1) || !(Number(values.seconds) > 0)) {
  console.error('usage: compare.mjs LOOP_BENCH [--rounds N] [--seconds S] [CASE...]');
  process.exit(2);
}
const unknown = chosen.filter((name) => !CASES.some((one) => one.name === name));
if (unknown.length > 0) {
  console.error(`unknown case ${unknown.join(', ')}; there are: ${CASES.map((one) => one.name).join(' ')}`);
  process.exit(2);
}

const output = (file, args) =>
  execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

// {ours: {part: ns}, floor: {part: ns}}
function runOurs(one) {
  const report = JSON.parse(output(program, [
    `--benchmark_filter=^${one.name}/`, '--benchmark_format=json',
    `--benchmark_min_time=${values.seconds}`]));
  const found = {};
  for (const result of report.benchmarks) {
    if (result.error_occurred) throw new Error(`${result.name}: ${result.error_message}`);
    const [, side] = result.name.split('/');
    found[side] = one.parts
      ? { insert: result.insert, clear: result.clear }
      : { time: 1e9 / result.items_per_second };
  }
  return found;
}

function runNode(one) {
  const twin = fileURLToPath(new URL('twin.cjs', import.meta.url));
  return JSON.parse(output(process.execPath, [twin, one.name, values.seconds]));
}

function withSum(parts) {
  return parts && 'insert' in parts ? { ...parts, sum: parts.insert + parts.clear } : parts;
}

function median(numbers) {
  const sorted = numbers.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const widths = [20, 9, 9, 9, 13, 11, 16, 7];
const row = (...cells) => console.log(
  cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(''));
const number = (value, unit = '') =>
  (value === undefined ? '-' : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0) + unit);

row('case', 'ours ns', 'floor ns', 'node ns', 'ours / floor', 'node / ours', 'goal', '');
let missed = 0;
for (const one of CASES) {
  if (chosen.length > 0 && !chosen.includes(one.name)) continue;
  const samples = [];
  for (let round = 0; round < rounds; ++round) {
    const { ours, floor } = runOurs(one);
    const node = one.alone ? undefined : runNode(one);
    samples.push({ ours: withSum(ours), floor: withSum(floor), node: withSum(node) });
  }
  for (const [part, goal] of Object.entries(one.parts ?? { time: one })) {
    const of = (f) => median(samples.map(f));
    const ours = of((s) => s.ours[part]);
    const toFloor = of((s) => s.ours[part] / s.floor?.[part]);
    const toNode = of((s) => s.node?.[part] / s.ours[part]);
    let wanted = '-';
    let met;
    if (goal.floor !== undefined) {
      wanted = `floor x ${number(goal.floor)}`;
      met = toFloor <= goal.floor;
    } else if (goal.node !== undefined) {
      wanted = `node x ${goal.node}`;
      met = toNode >= goal.node;
    } else if (goal.rate !== undefined) {
      wanted = `${goal.rate / 1e6} million/s`;
      met = 1e9 / ours >= goal.rate;
    }
    if (met === false) ++missed;
    row(part === 'time' ? one.name : `${one.name} ${part}`, number(ours),
      number(of((s) => s.floor?.[part])), number(of((s) => s.node?.[part])),
      number(toFloor), number(toNode), wanted,
      met === undefined ? '' : met ? 'met' : 'missed');
  }
}
console.log(missed === 0 ? 'every goal is met' : `${missed} goals are missed`);
