// compare.mjs [--rounds N] [--seconds S] [--in-flight N] [--answers] [CASE...]:
// the users service beside a NestJS microservice that does the same
// (tests/bench/peers), in turns, N rounds long, on SQLite and on PostgreSQL.
// Cases: sqlite postgres start. --answers only asks both the same questions.
//
// Each server is one process on the first core, the load runs on the last;
// PostgreSQL, with its own settings, runs on both. What both do: verify an
// EdDSA access token (remembered for a minute), look at permissions, check the
// rules of the request, write a line of log per call, read by the same
// statements. Create is one transaction on both: the row and an event in the
// outbox, on disk before it is answered. What ours does besides: metrics, spans
// for `millrace trace`, deadlines; it also publishes the events of the outbox
// to its bus during the run, and runs PostgreSQL's transactions SERIALIZABLE.
//
// Printed are medians of the rounds: calls per second, latency, the server's
// CPU time per call without the database's, and the ratios of each round.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { bin, scratch } from '../../e2e/lib/platform.mjs';
import { Postgres, skipUnlessHad, Unavailable } from '../../e2e/lib/servers.mjs';
import { load, median, table } from '../support/side_by_side.mjs';
import { compareAnswers } from './answers.mjs';
import { Client, compilePeer, Issuer, missing, peerPackages, SIDES } from './sides.mjs';

const PEOPLE = 1000;
const PAGE = 50;
const CASES = ['sqlite', 'postgres', 'start'];
// At least so many times the peer's throughput; nothing is asked of List.
const GOALS = { get: 3, create: 1.5, list: undefined };
const MEMORY_GOAL = 5;
const LATENCY_GOAL = 2;
const START_GOAL_MS = 1000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    'in-flight': { type: 'string', default: '32' },
    answers: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
if (!(rounds >= 1) || !(Number(values.seconds) > 0) || positionals.some((name) => !CASES.includes(name))) {
  console.error('usage: compare.mjs [--rounds N] [--seconds S] [--in-flight N] [--answers] [sqlite] [postgres] [start]');
  process.exit(2);
}
const chosen = CASES.filter((name) => positionals.length === 0 || positionals.includes(name));
const none = missing();
if (none) skipUnlessHad(new Unavailable(none));
compilePeer();
const issuer = await Issuer.start();
const token = issuer.token();
const NAMES = ['ours', 'peer'];
const MIB = 2 ** 20;

const number = (value) => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
const pair = (sample, pick) => NAMES.map((name) => number(median(sample.map((one) => pick(one[name]))))).join(' / ');
const ratio = (sample, pick) => median(sample.map((one) => pick(one.ours) / pick(one.peer)));
let missed = 0;
function verdict(met) {
  if (met === undefined) return '-';
  if (!met) ++missed;
  return met ? 'met' : 'missed';
}

// How many events the peer has written; ours forgets those that are published.
function peerEvents(dir, postgres) {
  if (postgres) return Number(postgres.sql('SELECT count(*) FROM outbox', 'bench_peer'));
  const database = new (peerPackages('better-sqlite3'))(path.join(dir, 'peer/users.db'), { readonly: true });
  const { rows } = database.prepare('SELECT count(*) AS rows FROM outbox').get();
  database.close();
  return rows;
}

// Both on one database, in their own folder of `dir`.
async function startBoth(dir, postgres) {
  const sides = {};
  for (const name of NAMES) {
    sides[name] = await SIDES[name]({ dir, issuer, database: postgres?.createDatabase(`bench_${name}`) });
  }
  return sides;
}

let created = 0;
function argumentsOf(operation, ids) {
  switch (operation) {
    case 'create': return `p${++created}-`;
    case 'get': return ids;
    default: return String(PAGE);
  }
}

async function measure(server, operation, ids, seconds, calls = 1e9) {
  const cpu = server.cpuSeconds();
  const result = await load(path.join(bin, 'services_bench'), [
    server.address, operation, values['in-flight'], String(seconds), String(calls), argumentsOf(operation, ids), token]);
  return {
    rate: result.calls / result.seconds, p50: result.p50 * 1e3, p99: result.p99 * 1e3,
    cpu: ((server.cpuSeconds() - cpu) / result.calls) * 1e6, memory: server.memory(),
  };
}

// People to be read, and the file of their ids.
async function seed(dir, server) {
  await measure(server, 'create', undefined, 600, PEOPLE);
  const client = new Client(server.address);
  const { reply, details } = await client.call('ListUsers', { pageSize: PEOPLE }, token);
  client.close();
  if (!reply) throw new Error(`${server.name}: ${details}`);
  const file = path.join(dir, `${server.name}.ids`);
  writeFileSync(file, reply.users.map(({ id }) => `${id}\n`).join(''));
  return file;
}

function printMemory(what, sample) {
  const of = (kind) => pair([sample], (memory) => memory[kind] / MIB);
  const share = sample.peer.pss / sample.ours.pss;
  console.log(`memory ${what}, MiB, ours / peer: RSS ${of('rss')}, PSS ${of('pss')}, anonymous ${of('anonymous')}; `
    + `1/${number(share)} by PSS: ${verdict(share >= MEMORY_GOAL)} (1/${MEMORY_GOAL}), 1/${number(sample.peer.anonymous / sample.ours.anonymous)} of what is anonymous`);
}

async function compareOn(name, dir, postgres) {
  const sides = await startBoth(dir, postgres);
  await sleep(2000);
  const memoryOf = () => ({ ours: sides.ours.memory(), peer: sides.peer.memory() });
  const idle = memoryOf();
  console.log(`\n${name}`);
  const { text, created } = await compareAnswers(sides.ours, sides.peer, issuer);
  assert.equal(peerEvents(dir, postgres), created, 'the peer has not written an event for each who was created');
  console.log(text);
  if (values.answers) return;
  const ids = {};
  for (const side of NAMES) ids[side] = await seed(dir, sides[side]);
  const row = table([8, 16, 8, 18, 20, 8, 18, 10, 9]);
  row('', 'calls/s', 'ratio', 'ms at p50', 'ms at p99', 'ratio', 'CPU us', 'goals', '');
  const under = [];
  for (const [operation, goal] of Object.entries(GOALS)) {
    for (const side of NAMES) await measure(sides[side], operation, ids[side], 1); // warms both up
    const sample = [];
    for (let round = 0; round < rounds; ++round) {
      const one = {};
      for (const side of NAMES) one[side] = await measure(sides[side], operation, ids[side], values.seconds);
      sample.push(one);
    }
    under.push(...sample);
    const rate = ratio(sample, ({ rate }) => rate);
    const p99 = ratio(sample, ({ p99 }) => p99);
    row(operation, pair(sample, ({ rate }) => rate), number(rate), pair(sample, ({ p50 }) => p50), pair(sample, ({ p99 }) => p99),
      number(p99), pair(sample, ({ cpu }) => cpu), goal === undefined ? '' : `${goal}, 1/${LATENCY_GOAL}`,
      goal === undefined ? '' : verdict(rate >= goal && p99 <= 1 / LATENCY_GOAL));
  }
  printMemory('at idle', idle);
  const most = (side) => Object.fromEntries(['rss', 'pss', 'anonymous'].map((kind) =>
    [kind, Math.max(...under.map((one) => one[side].memory[kind]))]));
  printMemory('under load', { ours: most('ours'), peer: most('peer') });
  for (const side of NAMES) await sides[side].stop();
}

// From the start of the process to the answer to a first call.
async function timeToAnswer(start) {
  const server = await start();
  const line = performance.now() - server.started;
  const client = new Client(server.address);
  const { code } = await client.call('ListUsers', {}, token);
  const answered = performance.now() - server.started;
  client.close();
  if (code !== 'OK') throw new Error(`${server.name} answers ${code} after its start`);
  await sleep(1000);
  const memory = server.memory();
  await server.stop();
  return { line, answered, memory };
}

async function compareStarts(dir) {
  const kinds = {
    'ours, users': (name) => SIDES.ours({ dir, issuer, name }),
    'ours, all in one': (name) => SIDES.ours({ dir, issuer, name, program: ['millrace', 'up'] }),
    'peer, users': (name) => SIDES.peer({ dir, issuer, name }),
  };
  console.log('\nstart, on SQLite: ms until it says that it is ready, until a first call is answered');
  const row = table([20, 20, 20, 20, 10]);
  row('', 'new database', 'a further start', 'MiB RSS / PSS then', '');
  const samples = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
  for (let round = 0; round < rounds; ++round) {
    for (const [kind, start] of Object.entries(kinds)) {
      const name = `${kind.replaceAll(/\W+/g, '-')}-${round}`;
      samples[kind].push([await timeToAnswer(() => start(name)), await timeToAnswer(() => start(name))]);
    }
  }
  for (const [kind, sample] of Object.entries(samples)) {
    const of = (pick) => number(median(sample.map(pick)));
    const times = (i) => `${of((one) => one[i].line)}, ${of((one) => one[i].answered)}`;
    const goal = kind.startsWith('ours') ? verdict(median(sample.map(([one]) => one.answered)) < START_GOAL_MS) : '';
    row(kind, times(0), times(1), `${of(([one]) => one.memory.rss / MIB)} / ${of(([one]) => one.memory.pss / MIB)}`, goal);
  }
}

if (!existsSync(path.join(bin, 'services_bench'))) throw new Error(`services_bench is not in ${bin}: build it`);
if (chosen.includes('sqlite')) await compareOn('SQLite', scratch('services-sqlite'));
if (chosen.includes('postgres')) {
  const dir = scratch('services-postgres');
  try {
    await compareOn('PostgreSQL', dir, await Postgres.create(dir));
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    console.log(`PostgreSQL is passed over: ${error.message}`);
  }
}
if (chosen.includes('start') && !values.answers) await compareStarts(scratch('services-start'));
if (!values.answers) console.log(missed === 0 ? '\nevery goal is met' : `\n${missed} goals are missed`);
process.exit(0); // ends PostgreSQL and the servers
