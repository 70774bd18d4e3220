// Runs a scenario on the model: the trace that Node would leave on a machine
// of the given profile, or that a mutant of its rules would.
import { ModelEmitter } from './emitter.mjs';
import { CALM, VirtualLoop } from './loop.mjs';
import { ModelPromise, runAsync } from './queues.mjs';

const MAX_STEPS = 4000;

class Interpreter {
  trace = [];
  undecided = false;
  #steps = 0;
  #handles = new Map();
  #deferreds = new Map();
  #controllers = new Map();
  #functions = new Map();
  #emitters = new Map();

  constructor(scenario, profile, mutant) {
    this.scenario = scenario;
    this.mutant = mutant;
    this.loop = new VirtualLoop(profile, mutant, (error) => {
      if (!scenario.uncaught) this.undecided = true;
      this.trace.push(`uncaught:${error.message}`);
    });
    this.queues = this.loop.queues;
  }

  run() {
    const { loop, scenario } = this;
    const callback = (list) => loop.dispatch(() => this.#all(list, undefined));
    // The main script is drained after an error, too.
    if (!callback(scenario.root)) loop.queues.drain();
    for (const list of [...scenario.beforeExit ?? [], undefined]) {
      if (!loop.run()) this.undecided = true;
      if (!list || this.undecided) break;
      callback(list);
      if (!loop.alive) break;
    }
  }

  static #made(map, id, make) {
    if (!map.has(id)) map.set(id, make());
    return map.get(id);
  }

  #deferred(id) {
    return Interpreter.#made(this.#deferreds, id,
      () => new ModelPromise(this.queues));
  }

  #controller(id) {
    return Interpreter.#made(this.#controllers, id,
      () => ({ aborted: false, listeners: [] }));
  }

  #emitter(id) {
    return Interpreter.#made(this.#emitters, id,
      () => new ModelEmitter(this.mutant, () => { this.undecided = true; }));
  }

  #all(list, payload) { for (const op of list) this.#one(op, payload); }

  #callback(list, payload) { return () => this.#all(list, payload); }

  #handle(id, kind, handle, unref) {
    const made = { kind, handle };
    this.#handles.set(id, made);
    if (unref) this.#setRef(made, false);
  }

  #setRef({ kind, handle }, ref) {
    if (kind === 'timer') this.loop.timers.setRef(handle, ref);
    else this.loop.refImmediate(handle, ref);
  }

  #one(op, payload) {
    const { loop, queues } = this;
    loop.step();
    if (++this.#steps > MAX_STEPS) {
      this.undecided = true;
      return;
    }
    const run = () => this.#callback(op.do, payload);
    switch (op.op) {
      case 'log':
        this.trace.push(op.arg ? `${op.s}(${payload})` : op.s);
        break;
      case 'spin': loop.spin(op.ms); break;
      case 'throw': throw new Error(op.s);
      case 'try':
        try {
          this.#all(op.do, payload);
        } catch (error) {
          this.trace.push(`caught:${error.message}`);
        }
        break;
      case 'tick': queues.tick(run()); break;
      case 'micro': queues.micro(run()); break;
      case 'then': {
        let promise = this.#resolved();
        for (const list of op.chain) {
          promise = promise.then(this.#callback(list, payload));
        }
        break;
      }
      case 'async': {
        const promise = this.#async(op.do, payload);
        if (op.then || op.catch) {
          promise.then(op.then && this.#callback(op.then, payload),
            op.catch && this.#callback(op.catch, payload));
        }
        break;
      }
      case 'when': this.#deferred(op.id).then(run()); break;
      case 'resolve': this.#deferred(op.id).resolve(); break;
      case 'work': loop.work(run()); break;
      case 'close': loop.close(run()); break;
      case 'abort': case 'onAbort': this.#abortOp(op, payload); break;
      case 'on': case 'off': case 'removeAll': case 'emit': case 'count':
      case 'listeners': case 'names': this.#emitterOp(op); break;
      default: this.#handleOp(op, payload);
    }
  }

  #resolved() {
    const promise = new ModelPromise(this.queues);
    promise.resolve();
    return promise;
  }

  #handleOp(op, payload) {
    const { loop } = this;
    const known = this.#handles.get(op.id);
    const start = (repeats, call) =>
      this.#handle(op.id, 'timer',
        loop.timers.start(loop.ms(op.ms), repeats, call), op.unref);
    switch (op.op) {
      case 'timeout': start(false, this.#callback(op.do, payload)); break;
      case 'interval': {
        let left = op.times;
        start(true, () => {
          try {
            this.#all(op.do, payload);
          } finally {
            if (--left <= 0) loop.timers.clear(handle);
          }
        });
        const { handle } = this.#handles.get(op.id);
        break;
      }
      case 'immediate':
        this.#handle(op.id, 'immediate',
          loop.immediate(this.#callback(op.do, payload)), op.unref);
        break;
      case 'clear':
        if (known?.kind === 'timer') loop.timers.clear(known.handle);
        else if (known) loop.clearImmediate(known.handle);
        break;
      case 'ref': case 'unref':
        if (known) this.#setRef(known, op.op === 'ref');
        break;
      case 'refresh':
        if (known?.kind === 'timer') loop.timers.refresh(known.handle);
        break;
      default: throw new RangeError(`unknown operation '${op.op}'`);
    }
  }

  #abortOp(op, payload) {
    const controller = this.#controller(op.id);
    if (op.op === 'onAbort') {
      const call = this.#callback(op.do, payload);
      if (controller.aborted) this.queues.micro(call);
      else controller.listeners.push(call);
      return;
    }
    if (controller.aborted) return;
    controller.aborted = true;
    if (this.mutant === 'abort-reversed') controller.listeners.reverse();
    for (const call of controller.listeners) {
      try {
        call();
      } catch (error) {
        this.queues.tick(() => { throw error; });
      }
    }
  }

  #emitterOp(op) {
    const emitter = this.#emitter(op.em);
    switch (op.op) {
      case 'on':
        if (op.do) {
          this.#functions.set(op.fn,
            { id: op.fn, call: (payload) => this.#all(op.do, payload) });
        }
        if (this.#functions.has(op.fn)) {
          emitter.add(op.ev, op.mode, this.#functions.get(op.fn));
        }
        break;
      case 'off':
        if (this.#functions.has(op.fn)) {
          emitter.remove(op.ev, this.#functions.get(op.fn));
        }
        break;
      case 'removeAll': emitter.removeAll(op.ev); break;
      case 'emit': {
        const listened =
          emitter.emit(op.ev, op.ev === 'error' ? `e${op.arg}` : op.arg);
        if (op.s !== undefined) this.trace.push(`${op.s}=${listened}`);
        break;
      }
      case 'count': this.trace.push(`${op.s}=${emitter.count(op.ev)}`); break;
      case 'listeners':
        this.trace.push(`${op.s}=[${emitter.listeners(op.ev)}]`);
        break;
      case 'names': this.trace.push(`${op.s}=[${emitter.names()}]`); break;
      default: throw new RangeError(`unknown operation '${op.op}'`);
    }
  }

  #async(list, payload) {
    return runAsync(this.queues, this.#body(list, payload));
  }

  *#body(list, payload) {
    for (const op of list) {
      if (op.op === 'await') yield this.#wait(op, payload);
      else this.#one(op, payload);
    }
  }

  #wait(op, payload) {
    this.loop.step();
    if (op.on === 'value') return this.#resolved();
    if (op.on === 'deferred') return this.#deferred(op.id);
    if (op.on === 'async') return this.#async(op.do, payload);
    const promise = new ModelPromise(this.queues);
    const resolve = () => promise.resolve();
    switch (op.on) {
      case 'tick': this.queues.tick(resolve); break;
      case 'immediate': this.loop.immediate(resolve); break;
      case 'timeout':
        this.loop.timers.start(this.loop.ms(op.ms), false, resolve);
        break;
      case 'work': this.loop.work(resolve); break;
      case 'once':
        this.#emitter(op.em)
          .add(op.ev, 'once', { id: 'resolve', call: resolve });
        break;
      default: throw new RangeError(`unknown await '${op.on}'`);
    }
    return promise;
  }
}

// {trace, looks}; trace is null where it hangs on more than the profile.
export function runModel(scenario, profile = CALM, mutant = '') {
  const interpreter = new Interpreter(scenario, profile, mutant);
  interpreter.run();
  return {
    trace: interpreter.undecided ? null : interpreter.trace,
    looks: interpreter.loop.looks,
  };
}
