// compare.mjs TEMPLATES_BENCH [--rounds N] [--seconds S] [CASE...]: the engine
// beside Handlebars, in turns, N rounds long. Printed are the medians in
// microseconds, the medians of the rounds' ratios, and whether the goal is met.
// Both must render the same bytes. Times are CPU time of the main thread.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const CASES = ['rows_12', 'rows_1000', 'mail'];
// json: JSON text to bytes; render: from data that was read; compile: beside
// Handlebars.precompile. Each must take at most 1/goal of Handlebars' time.
const GOALS = { json: 10, render: 20, compile: 300 };

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
  console.error('usage: compare.mjs TEMPLATES_BENCH [--rounds N] [--seconds S] [CASE...]');
  process.exit(2);
}
const unknown = chosen.filter((name) => !CASES.includes(name));
if (unknown.length > 0) {
  console.error(`unknown case ${unknown.join(', ')}; there are: ${CASES.join(' ')}`);
  process.exit(2);
}
if (!existsSync(path.join(HERE, '../../conformance/templates/node_modules/handlebars'))) {
  console.error("Handlebars is not there: run 'npm ci' in tests/conformance/templates");
  process.exit(2);
}

const dir = mkdtempSync(path.join(tmpdir(), 'millrace-templates-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
execFileSync(program, ['--write-cases', dir]);

const output = (file, args) => execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

function runOurs(name, what) {
  const report = JSON.parse(output(program, [
    `--benchmark_filter=^${name}/${what}$`, '--benchmark_format=json', `--benchmark_min_time=${values.seconds}`]));
  const [result] = report.benchmarks;
  if (result.error_occurred) throw new Error(`${result.name}: ${result.error_message}`);
  const units = { ns: 1, us: 1e3, ms: 1e6 };
  return result.cpu_time * units[result.time_unit];
}

const runNode = (name, what) =>
  Number(output(process.execPath, [path.join(HERE, 'twin.cjs'), dir, name, what, values.seconds]));

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const widths = [22, 12, 16, 19, 8, 9];
const row = (...cells) => console.log(
  cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(''));
row('case', 'ours us', 'Handlebars us', 'Handlebars / ours', 'goal', '');
let missed = 0;
for (const name of CASES) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  for (const [what, goal] of Object.entries(GOALS)) {
    const samples = [];
    for (let round = 0; round < rounds; ++round) {
      samples.push({ ours: runOurs(name, what), node: runNode(name, what) });
    }
    const ratio = median(samples.map(({ ours, node }) => node / ours));
    if (ratio < goal) ++missed;
    row(`${name} ${what}`, (median(samples.map(({ ours }) => ours)) / 1e3).toFixed(2),
      (median(samples.map(({ node }) => node)) / 1e3).toFixed(1), ratio.toFixed(1), `x ${goal}`,
      ratio < goal ? 'missed' : 'met');
  }
}
console.log(missed === 0 ? 'every goal is met' : `${missed} goals are missed`);
