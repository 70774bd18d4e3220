// compare_rpc.mjs TEMPLATES_BENCH [--rounds N] [--seconds S] [--in-flight N]
// [CASE...]: the whole RenderTemplate call of the templates service, as
// `millrace up` serves it, beside the same of @grpc/grpc-js and Handlebars
// (twin_rpc.mjs), in turns, N rounds long. Both must answer the same bytes. The
// data comes as JSON text, and as a google.protobuf.Struct, whose decoding is
// then most of the call on both sides.
//
// Each server has the first core to itself, the load the last. Printed are the
// medians of calls per second and of the server's CPU time per call, the medians
// of the rounds' ratios, and whether the goal is met by calls per second. Where
// the load is what is slow, the ratio of CPU time says what the server would do.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { load, median, Server, table } from '../support/side_by_side.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
for (const [folder, name] of [['e2e', '@grpc/grpc-js'], ['conformance/templates', 'handlebars']]) {
  if (existsSync(path.join(HERE, '../..', folder, 'node_modules', name))) continue;
  console.error(`${name} is not there: run 'npm ci' in tests/${folder}`);
  process.exit(2);
}
const { scratch } = await import('../../e2e/lib/platform.mjs');
const { Client, grpc, service } = await import('./rpc.mjs');

const GOAL = 5;
const TEMPLATES = ['rows_12', 'rows_1000', 'mail'];
const CASES = TEMPLATES.flatMap((name) => [`${name}/json`, `${name}/struct`]);
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
const dir = scratch('templates-rpc');
execFileSync(bench, ['--write-cases', dir]);

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

async function measure(server, name, seconds) {
  const before = server.cpuSeconds();
  const { calls, seconds: passed } = await load(path.join(bin, 'templates_rpc_load'), [
    server.address, service.RenderTemplate.path, file(name), values['in-flight'], String(seconds)]);
  return { rate: calls / passed, cpu: ((server.cpuSeconds() - before) / calls) * 1e6 };
}

const ours = await new Server(dir, 'millrace', path.join(bin, 'millrace'),
  ['up', '--data', path.join(dir, 'data'), '--http-port', '0', '--grpc-port', '0']).line(/^ready http=\S+ grpc=(\S+)$/);
const node = await new Server(dir, 'node', process.execPath, [path.join(HERE, 'twin_rpc.mjs'), dir]).line(/^(\d+)$/);

const clients = [ours, node].map(({ address }) => new Client(address, grpc.credentials.createInsecure()));
for (const template of new Set(cases.map((name) => path.dirname(name)))) {
  const put = await call(clients[0], 'PutTemplate', {
    name: template, locale: 'en', body: readFileSync(path.join(dir, `${template}.hbs`), 'utf8'), syntax: 2 });
  await call(clients[0], 'PublishTemplate', { name: template, locale: 'en', version: put.version });
}
mkdirSync(path.join(dir, 'requests'));
const file = (name) => path.join(dir, 'requests', name.replace('/', '.'));
for (const name of cases) {
  const [template, form] = name.split('/');
  const json = readFileSync(path.join(dir, `${template}.json`), 'utf8');
  const request = { name: template, locale: 'en', ...(form === 'json' ? { json: Buffer.from(json) } : { data: struct(JSON.parse(json)) }) };
  writeFileSync(file(name), service.RenderTemplate.requestSerialize(request));
  const [a, b] = await Promise.all(clients.map((client) => call(client, 'RenderTemplate', request)));
  if (a.body !== b.body) throw new Error(`${name}: Handlebars renders something else`);
  const size = service.RenderTemplate.requestSerialize(request).length;
  console.log(`${name}: ${size} bytes of request, ${a.body.length} characters of text, the same from both`);
}
clients.forEach((client) => client.close());

const row = table([18, 15, 15, 9, 14, 14, 9, 8]);
row('case', 'ours calls/s', 'Node calls/s', 'ratio', 'ours CPU us', 'Node CPU us', 'ratio', `x ${GOAL}`);
let missed = 0;
for (const name of cases) {
  for (const server of [ours, node]) await measure(server, name, 0.5); // warms both up
  const samples = [];
  for (let round = 0; round < rounds; ++round) {
    samples.push({ a: await measure(ours, name, values.seconds), b: await measure(node, name, values.seconds) });
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
