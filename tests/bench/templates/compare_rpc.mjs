// compare_rpc.mjs TEMPLATES_BENCH [--rounds N] [--seconds S] [--in-flight N]
// [CASE...]: the whole RenderTemplate call of the templates service, as
// `millrace up` serves it, beside the same of @grpc/grpc-js and Handlebars
// (twin_rpc.mjs), in turns, N rounds long. Both must answer the same bytes.
//
// Each server has the first core to itself, the load the last. Printed are the
// medians of calls per second and of the server's CPU time per call, the medians
// of the rounds' ratios, and whether the goal is met by calls per second. Where
// the load is what is slow, the ratio of CPU time says what the server would do.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = path.dirname(fileURLToPath(import.meta.url));
for (const [folder, name] of [['e2e', '@grpc/grpc-js'], ['conformance/templates', 'handlebars']]) {
  if (existsSync(path.join(HERE, '../..', folder, 'node_modules', name))) continue;
  console.error(`${name} is not there: run 'npm ci' in tests/${folder}`);
  process.exit(2);
}
const { scratch } = await import('../../e2e/lib/platform.mjs');
const { Client, grpc, service } = await import('./rpc.mjs');

const GOAL = 5;
const CASES = ['rows_12', 'rows_1000', 'mail'];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    'in-flight': { type: 'string', default: '32' },
  },
});
const [bench, ...chosen] = positionals;
const rounds = Number(values.rounds);
const unknown = chosen.filter((name) => !CASES.includes(name));
if (bench === undefined || !(rounds >= 1) || !(Number(values.seconds) > 0) || unknown.length > 0) {
  console.error(`usage: compare_rpc.mjs TEMPLATES_BENCH [--rounds N] [--seconds S] [--in-flight N] [CASE...]
cases: ${CASES.join(' ')}`);
  process.exit(2);
}
const bin = path.dirname(bench);
const cases = CASES.filter((name) => chosen.length === 0 || chosen.includes(name));
const lastCore = String(os.cpus().length - 1);

// Ended before the folder goes.
const servers = [];
process.on('exit', () => servers.forEach((child) => child.kill('SIGKILL')));
const dir = scratch('templates-rpc');
execFileSync(bench, ['--write-cases', dir]);

// Starts a server on the first core; resolves with its address, which a line of
// its output has.
function serve(name, file, args, line) {
  const log = path.join(dir, `${name}.log`);
  const child = spawn('taskset', ['-c', '0', file, ...args], { stdio: ['ignore', 'pipe', openSync(log, 'w')] });
  servers.push(child);
  return new Promise((resolve, reject) => {
    readline.createInterface({ input: child.stdout }).on('line', (text) => {
      const [, found] = line.exec(text) ?? [];
      if (found) resolve({ pid: child.pid, address: found.includes(':') ? found : `127.0.0.1:${found}` });
    });
    child.on('exit', () => reject(new Error(`${name} has ended: ${readFileSync(log, 'utf8')}`)));
  });
}

const call = (client, method, request) => new Promise((resolve, reject) =>
  client[method](request, (error, reply) => (error ? reject(error) : resolve(reply))));

// JSON as a google.protobuf.Value.
function wire(value) {
  if (value === null) return { nullValue: 0 };
  if (Array.isArray(value)) return { listValue: { values: value.map(wire) } };
  switch (typeof value) {
    case 'object': return { structValue: struct(value) };
    case 'string': return { stringValue: value };
    case 'number': return { numberValue: value };
    default: return { boolValue: value };
  }
}
const struct = (object) => ({ fields: Object.fromEntries(Object.entries(object).map(([name, one]) => [name, wire(one)])) });

// User and system time of the process, in seconds; in steps of 10 ms.
function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function load(server, name, seconds) {
  const before = cpuSeconds(server.pid);
  const { calls, seconds: passed } = JSON.parse(execFileSync('taskset', ['-c', lastCore,
    path.join(bin, 'templates_rpc_load'), server.address, service.RenderTemplate.path,
    path.join(dir, `${name}.request`), values['in-flight'], String(seconds)],
  { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));
  return { rate: calls / passed, cpu: ((cpuSeconds(server.pid) - before) / calls) * 1e6 };
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const ours = await serve('millrace', path.join(bin, 'millrace'),
  ['up', '--data', path.join(dir, 'data'), '--http-port', '0', '--grpc-port', '0'], /^ready http=\S+ grpc=(\S+)$/);
const node = await serve('node', process.execPath, [path.join(HERE, 'twin_rpc.mjs'), dir], /^(\d+)$/);

const clients = [ours, node].map(({ address }) => new Client(address, grpc.credentials.createInsecure()));
for (const name of cases) {
  const put = await call(clients[0], 'PutTemplate', {
    name, locale: 'en', body: readFileSync(path.join(dir, `${name}.hbs`), 'utf8'), syntax: 2 });
  await call(clients[0], 'PublishTemplate', { name, locale: 'en', version: put.version });
  const request = { name, locale: 'en', data: struct(JSON.parse(readFileSync(path.join(dir, `${name}.json`), 'utf8'))) };
  writeFileSync(path.join(dir, `${name}.request`), service.RenderTemplate.requestSerialize(request));
  const [a, b] = await Promise.all(clients.map((client) => call(client, 'RenderTemplate', request)));
  if (a.body !== b.body) throw new Error(`${name}: Handlebars renders something else`);
  const size = service.RenderTemplate.requestSerialize(request).length;
  console.log(`${name}: ${size} bytes of request, ${a.body.length} characters of text, the same from both`);
}
clients.forEach((client) => client.close());

const widths = [12, 15, 15, 9, 14, 14, 9, 8];
const row = (...cells) => console.log(
  cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(''));
row('case', 'ours calls/s', 'Node calls/s', 'ratio', 'ours CPU us', 'Node CPU us', 'ratio', `x ${GOAL}`);
let missed = 0;
for (const name of cases) {
  for (const server of [ours, node]) load(server, name, 0.5); // warms both up
  const samples = [];
  for (let round = 0; round < rounds; ++round) {
    samples.push({ a: load(ours, name, values.seconds), b: load(node, name, values.seconds) });
  }
  const of = (pick) => median(samples.map(pick));
  const rates = of(({ a, b }) => a.rate / b.rate);
  if (rates < GOAL) ++missed;
  row(name, of(({ a }) => a.rate).toFixed(0), of(({ b }) => b.rate).toFixed(0), rates.toFixed(1),
    of(({ a }) => a.cpu).toFixed(1), of(({ b }) => b.cpu).toFixed(1), of(({ a, b }) => b.cpu / a.cpu).toFixed(1),
    rates < GOAL ? 'missed' : 'met');
}
console.log(missed === 0 ? 'every goal is met' : `${missed} goals are missed`);
process.exit(0);
