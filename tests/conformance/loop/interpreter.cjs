// The reference: runs loop scenarios in this Node.js and prints the trace each
// leaves, a line of JSON per scenario.
//
//   node interpreter.cjs FILE      one scenario; its root is the main script
//   node interpreter.cjs --lines   a scenario per line of standard input
//
// With --lines the root of a scenario runs in `beforeExit` of the one before,
// which is as good as a main script when nothing is unref'd: both drain the
// queues after it, and the loop then starts with its timers. A scenario with
// `unref` or `beforeExit` must have a process of its own. A CommonJS script on
// purpose: the body of an ES module is a microtask of the poll phase.
'use strict';

const crypto = require('node:crypto');
const events = require('node:events');
const fs = require('node:fs');

const { TCP, constants } = process.binding('tcp_wrap');
const scale = Math.max(1, Number(process.env.SCALE) || 1);

const keyOf = (ev) => (ev === 'errorMonitor' ? events.errorMonitor : ev);
const printed = (value) =>
  value instanceof Error ? value.message :
    typeof value === 'symbol' ? 'errorMonitor' : String(value);

class Interpreter {
  constructor(scenario) {
    this.scenario = scenario;
    this.trace = [];
    this.exits = 0;
    this.handles = new Map();
    this.deferreds = new Map();
    this.controllers = new Map();
    this.functions = new Map();
    this.ids = new Map(); // of functions
    this.emitters = new Map();
  }

  start() { this.all(this.scenario.root, undefined); }

  // False when the loop must end.
  beforeExit() {
    const lists = this.scenario.beforeExit ?? [];
    if (this.exits >= lists.length) return false;
    this.all(lists[this.exits++], undefined);
    return true;
  }

  uncaught(error) { this.trace.push(`uncaught:${error.message}`); }

  all(list, payload) { for (const op of list) this.one(op, payload); }

  callback(list, payload) { return () => this.all(list, payload); }

  static made(map, id, make) {
    if (!map.has(id)) map.set(id, make());
    return map.get(id);
  }

  deferred(id) {
    return Interpreter.made(this.deferreds, id, () => {
      const made = {};
      made.promise = new Promise((resolve) => { made.resolve = resolve; });
      return made;
    });
  }

  controller(id) {
    return Interpreter.made(this.controllers, id, () => {
      const made = new AbortController();
      events.setMaxListeners(0, made.signal);
      return made;
    });
  }

  emitter(id) {
    return Interpreter.made(this.emitters, id, () =>
      new events.EventEmitter().setMaxListeners(0));
  }

  keep(id, handle, op) {
    this.handles.set(id, handle);
    if (op.unref) handle.unref();
  }

  static ms(op) { return Math.max(op.ms, 1) * scale; }

  work(kind, done) {
    if (kind === 'pbkdf2') {
      crypto.pbkdf2('secret', 'salt', 1, 16, 'sha256', () => done());
    } else {
      fs.stat('/', () => done());
    }
  }

  one(op, payload) {
    const run = () => this.callback(op.do, payload);
    switch (op.op) {
      case 'log':
        this.trace.push(op.arg ? `${op.s}(${printed(payload)})` : op.s);
        break;
      case 'spin': {
        const end = process.hrtime.bigint() +
          BigInt(Math.round(op.ms * scale * 1e6));
        while (process.hrtime.bigint() < end);
        break;
      }
      case 'throw': throw new Error(op.s);
      case 'try':
        try {
          this.all(op.do, payload);
        } catch (error) {
          this.trace.push(`caught:${error.message}`);
        }
        break;
      case 'tick': process.nextTick(run()); break;
      case 'micro': queueMicrotask(run()); break;
      case 'then': {
        let promise = Promise.resolve();
        for (const list of op.chain) {
          promise = promise.then(this.callback(list, payload));
        }
        break;
      }
      case 'async': {
        const promise = this.async(op.do, payload);
        if (op.then || op.catch) {
          promise.then(op.then && this.callback(op.then, payload),
            op.catch && this.callback(op.catch, payload));
        }
        break;
      }
      case 'when': this.deferred(op.id).promise.then(run()); break;
      case 'resolve': this.deferred(op.id).resolve(); break;
      case 'timeout':
        this.keep(op.id, setTimeout(run(), Interpreter.ms(op)), op);
        break;
      case 'interval': this.interval(op, payload); break;
      case 'immediate': this.keep(op.id, setImmediate(run()), op); break;
      case 'clear': {
        const handle = this.handles.get(op.id);
        if (handle && 'refresh' in handle) clearTimeout(handle);
        else if (handle) clearImmediate(handle);
        break;
      }
      case 'ref': this.handles.get(op.id)?.ref(); break;
      case 'unref': this.handles.get(op.id)?.unref(); break;
      case 'refresh': this.handles.get(op.id)?.refresh?.(); break;
      case 'work': this.work(op.kind, run()); break;
      case 'close': new TCP(constants.SOCKET).close(run()); break;
      case 'abort': this.controller(op.id).abort(); break;
      case 'onAbort':
        events.addAbortListener(this.controller(op.id).signal, run());
        break;
      default: this.emitterOp(op);
    }
  }

  interval(op, payload) {
    let left = op.times;
    const handle = setInterval(() => {
      try {
        this.all(op.do, payload);
      } finally {
        if (--left <= 0) clearInterval(handle);
      }
    }, Interpreter.ms(op));
    this.keep(op.id, handle, op);
  }

  emitterOp(op) {
    switch (op.op) {
      case 'on': {
        if (op.do) {
          const made = (value) => this.all(op.do, value);
          this.functions.set(op.fn, made);
          this.ids.set(made, op.fn);
        }
        const method = { on: 'on', once: 'once', prepend: 'prependListener',
          prependOnce: 'prependOnceListener' }[op.mode];
        const listener = this.functions.get(op.fn);
        if (listener) this.emitter(op.em)[method](keyOf(op.ev), listener);
        break;
      }
      case 'off': {
        const listener = this.functions.get(op.fn);
        if (listener) this.emitter(op.em).removeListener(keyOf(op.ev), listener);
        break;
      }
      case 'removeAll':
        if (op.ev === undefined) this.emitter(op.em).removeAllListeners();
        else this.emitter(op.em).removeAllListeners(keyOf(op.ev));
        break;
      case 'emit': {
        const value = op.ev === 'error' ? new Error(`e${op.arg}`) : op.arg;
        const listened = this.emitter(op.em).emit(keyOf(op.ev), value);
        if (op.s !== undefined) this.trace.push(`${op.s}=${listened}`);
        break;
      }
      case 'count':
        this.trace.push(
          `${op.s}=${this.emitter(op.em).listenerCount(keyOf(op.ev))}`);
        break;
      case 'listeners': {
        const names = this.emitter(op.em).listeners(keyOf(op.ev))
          .map((listener) => this.ids.get(listener) ?? 'resolve');
        this.trace.push(`${op.s}=[${names}]`);
        break;
      }
      case 'names':
        this.trace.push(
          `${op.s}=[${this.emitter(op.em).eventNames().map(printed)}]`);
        break;
      default: throw new RangeError(`unknown operation '${op.op}'`);
    }
  }

  async async(list, payload) {
    for (const op of list) {
      if (op.op === 'await') await this.wait(op, payload);
      else this.one(op, payload);
    }
  }

  wait(op, payload) {
    switch (op.on) {
      case 'value': return undefined;
      case 'deferred': return this.deferred(op.id).promise;
      case 'async': return this.async(op.do, payload);
      case 'tick': return new Promise((resolve) => process.nextTick(resolve));
      case 'immediate': return new Promise((resolve) => setImmediate(resolve));
      case 'timeout':
        return new Promise((resolve) =>
          setTimeout(resolve, Interpreter.ms(op)));
      case 'work':
        return new Promise((resolve) => this.work(op.kind, resolve));
      case 'once':
        return new Promise((resolve) =>
          this.emitter(op.em).once(keyOf(op.ev), resolve));
      default: throw new RangeError(`unknown await '${op.on}'`);
    }
  }
}

function print(trace) { fs.writeSync(1, `${JSON.stringify({ trace })}\n`); }

// The handler of a scenario without `uncaught` reports a fault in the
// scenario: no error is to leave a callback there.
let current;
process.on('uncaughtException', (error) => {
  if (current.scenario.uncaught) {
    current.uncaught(error);
  } else {
    current.trace.push(`fatal:${error.message}`);
  }
});

function main(path) {
  current = new Interpreter(JSON.parse(fs.readFileSync(path, 'utf8')));
  process.on('beforeExit', () => current.beforeExit());
  process.on('exit', () => print(current.trace));
  current.start();
}

function batch() {
  const scenarios = fs.readFileSync(0, 'utf8').split('\n').filter(Boolean);
  process.on('beforeExit', () => {
    if (current) print(current.trace);
    current = undefined;
    if (scenarios.length === 0) return;
    // Keeps the loop alive for a turn and calls nothing: a root may leave
    // nothing to do, and Node would end.
    new TCP(constants.SOCKET).close();
    current = new Interpreter(JSON.parse(scenarios.shift()));
    current.start();
  });
}

if (process.argv[2] === '--lines') batch();
else main(process.argv[2] === '-' ? 0 : process.argv[2]);
