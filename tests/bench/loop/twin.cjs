// The Node twin of loop_bench: `node twin.cjs CASE [SECONDS] [--smoke]` repeats
// the case for that long and prints {"part": nanoseconds per operation} of CPU
// time of the main thread, as loop_bench counts it ("time" when a case has but
// one part). Helper threads of the garbage collector are not counted.
'use strict';
const fs = require('node:fs');
const net = require('node:net');
const { EventEmitter } = require('node:events');

const smoke = process.argv.includes('--smoke');
const BATCH = smoke ? 2000 : 1_000_000;
const CHAIN = smoke ? 1000 : 100_000;
const THENS = 1000;
const FIRST_MS = 3_600_000;

// User and system time of the main thread in nanoseconds, in steps of 10 ms.
function cpu() {
  const stat = fs.readFileSync(`/proc/self/task/${process.pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 1e7;
}

function emit(listeners) {
  const emitter = new EventEmitter();
  let sum = 0;
  for (let i = 0; i < listeners; ++i) emitter.on('next', (n) => { sum += n; });
  return {
    count: CHAIN,
    run(done) {
      for (let i = 0; i < CHAIN; ++i) emitter.emit('next', i);
      done();
    },
  };
}

function chain(queue, count = CHAIN) {
  return {
    count,
    run(done) {
      let left = count;
      const link = () => (--left > 0 ? queue(link) : setImmediate(done));
      queue(link);
    },
  };
}

function batch(queue) {
  return {
    count: BATCH,
    run(done) {
      let ran = 0;
      const each = () => { if (++ran === BATCH) setImmediate(done); };
      for (let i = 0; i < BATCH; ++i) queue(each);
    },
  };
}

async function value(i) { return i; }
async function nested(i) { return await value(i); }

function awaits(run) {
  return { count: CHAIN, run(done) { run(CHAIN).then(done); } };
}

function timers(durations) {
  const parts = { insert: 0, clear: 0 };
  return {
    count: BATCH,
    parts,
    run(done) {
      const begin = cpu();
      const handles = new Array(BATCH);
      for (let i = 0; i < BATCH; ++i) {
        handles[i] = setTimeout(() => {}, FIRST_MS + (i % durations));
      }
      const middle = cpu();
      for (let i = 0; i < BATCH; ++i) clearTimeout(handles[i]);
      parts.insert += middle - begin;
      parts.clear += cpu() - middle;
      setImmediate(done);
    },
  };
}

const cases = {
  emit_1: () => emit(1),
  emit_10: () => emit(10),
  tick_chain: () => chain(process.nextTick),
  tick_batch: () => batch(process.nextTick),
  microtask_chain: () => chain(queueMicrotask),
  microtask_batch: () => batch(queueMicrotask),
  immediate_batch: () => batch(setImmediate),
  turn: () => chain(setImmediate),
  turn_socket() {
    net.createServer(() => {}).listen(0, '127.0.0.1');
    return chain(setImmediate);
  },
  then: () => ({
    count: CHAIN,
    run(done) {
      let chains = CHAIN / THENS;
      (function next() {
        if (chains-- === 0) return done();
        let promise = Promise.resolve(0);
        for (let i = 0; i < THENS; ++i) promise = promise.then((n) => n + 1);
        promise.then(next);
      })();
    },
  }),
  await_value: () => awaits(async (count) => {
    let sum = 0;
    for (let i = 0; i < count; ++i) sum += await i;
    return sum;
  }),
  await_promise: () => awaits(async (count) => {
    const promise = Promise.resolve(1);
    let sum = 0;
    for (let i = 0; i < count; ++i) sum += await promise;
    return sum;
  }),
  await_coroutine: () => awaits(async (count) => {
    let sum = 0;
    for (let i = 0; i < count; ++i) sum += await value(i);
    return sum;
  }),
  await_nested: () => awaits(async (count) => {
    let sum = 0;
    for (let i = 0; i < count; ++i) sum += await nested(i);
    return sum;
  }),
  timers_1: () => timers(1),
  timers_1000: () => timers(1000),
};

const make = cases[process.argv[2]];
if (make === undefined) {
  console.error(`usage: twin.cjs CASE; cases: ${Object.keys(cases).join(' ')}`);
  process.exit(2);
}
const bench = make();
const seconds = smoke ? 0 : Number(process.argv[3] ?? 0.5);

function report(spent, repeats) {
  const operations = repeats * bench.count;
  const result = {};
  for (const [part, time] of Object.entries(bench.parts ?? { time: spent })) {
    result[part] = time / operations;
  }
  console.log(JSON.stringify(result));
  process.exit(0);
}

// The first repeats warm the compiler up.
let warm = smoke ? 0 : 2;
let begin = cpu();
let repeats = 0;
(function repeat() {
  bench.run(() => {
    if (warm > 0) {
      if (--warm === 0) {
        begin = cpu();
        for (const part in bench.parts) bench.parts[part] = 0;
      }
    } else {
      ++repeats;
      const spent = cpu() - begin;
      if (spent >= seconds * 1e9) return report(spent, repeats);
    }
    setImmediate(repeat);
  });
})();
