// Random scenarios with one trace each. A seed gives the same scenario
// everywhere; its family is the seed modulo their number.
import { FAMILIES } from './families.mjs';
import { onlyTrace } from './profiles.mjs';
import { Random } from './random.mjs';

const MAX_CANDIDATES = 400;

// The names of what a scenario uses, as its document lists them.
export function featuresOf(scenario) {
  const found = new Set();
  const visit = (value) => {
    if (Array.isArray(value)) {
      value.forEach(visit);
    } else if (value && typeof value === 'object') {
      found.add(value.op);
      if (value.op === 'await') found.add(`await-${value.on}`);
      if (value.unref) found.add('unref');
      Object.values(value).forEach(visit);
    }
  };
  visit(scenario.root);
  visit(scenario.beforeExit ?? []);
  if (scenario.uncaught) found.add('uncaught');
  if (scenario.beforeExit) found.add('beforeExit');
  return [...found].sort();
}

class Writer {
  #random;
  #family;
  #left;
  #labels = 0;
  #fresh = 0;
  #handles = [];
  #functions = [];

  constructor(random, family) {
    this.#random = random;
    this.#family = family;
    this.#left = random.between(...family.size);
  }

  scenario() {
    const random = this.#random;
    const document = {};
    if (this.#family.uncaught) document.uncaught = true;
    const where = { depth: 0, listener: false, awaits: false, caught: false };
    document.root = this.#list(where, random.between(...this.#family.width));
    if (random.chance(this.#family.beforeExit ?? 0)) {
      document.beforeExit = [];
      for (let n = random.between(1, 3); n > 0; n--) {
        document.beforeExit.push(this.#list({ ...where, depth: 1 }, 3));
      }
    }
    return document;
  }

  #label() {
    const name = `L${this.#labels++}`;
    return this.#random.chance(0.01) ? `${name}"\\/ü漢🚂` : name;
  }

  #log(where) {
    const op = { op: 'log', s: this.#label() };
    if (this.#random.chance(where.listener ? 0.5 : 0.02)) op.arg = true;
    return op;
  }

  #list(where, most = 4) {
    const list = [this.#log(where)];
    const deep = where.depth >= this.#family.depth;
    const length = deep ? this.#random.below(2) : this.#random.between(1, most);
    for (let i = 0; i < length && this.#left > 0; i++) {
      this.#left--;
      list.push(...[this.#one(where, deep)].flat().filter(Boolean));
    }
    if (this.#random.chance(where.caught ? 0.35 : this.#family.stray ?? 0)) {
      list.push({ op: 'throw', s: `R${this.#labels++}` });
    }
    return list;
  }

  // The callback of something that runs later.
  #later(where) {
    return this.#list({ ...where, depth: where.depth + 1, awaits: false,
      caught: Boolean(this.#family.uncaught) && this.#random.chance(0.4) });
  }

  #one(where, deep) {
    if (where.awaits && this.#random.chance(0.5)) return this.#await(where);
    let kind = this.#random.weighted(this.#family.ops);
    // A plot stays shallow.
    const leaf = ['log', 'spin', 'resolve', 'clear', 'ref', 'unref', 'refresh',
      'off', 'removeAll', 'emit', 'count', 'listeners', 'names', 'abort'];
    if (deep && !leaf.includes(kind)) kind = 'log';
    return this[`_${kind}`](where);
  }

  _log(where) { return this.#log(where); }
  _spin() { return { op: 'spin', ms: this.#random.pick(this.#family.spins) }; }
  _tick(where) { return { op: 'tick', do: this.#later(where) }; }
  _micro(where) { return { op: 'micro', do: this.#later(where) }; }
  _close(where) { return { op: 'close', do: this.#later(where) }; }

  _try(where) {
    return { op: 'try', do: this.#list({ ...where, depth: where.depth + 1,
      awaits: false, caught: true }, 3) };
  }

  _then(where) {
    const chain = [];
    for (let n = this.#random.between(1, 3); n > 0; n--) {
      chain.push(this.#later(where));
    }
    return { op: 'then', chain };
  }

  _async(where) {
    const random = this.#random;
    const caught = random.chance(0.35);
    const op = { op: 'async', do: this.#list({ ...where,
      depth: where.depth + 1, awaits: true, caught }) };
    if (random.chance(0.5)) op.then = this.#later(where);
    if (caught) op.catch = this.#later(where);
    return op;
  }

  #await(where) {
    const random = this.#random;
    const op = { op: 'await', on: random.weighted(this.#family.awaits) };
    if (op.on === 'deferred') op.id = this.#deferred();
    if (op.on === 'timeout') op.ms = random.pick(this.#family.durations);
    if (op.on === 'work') op.kind = this.#kind();
    if (op.on === 'once') {
      op.em = this.#emitter();
      op.ev = random.pick(['w0', 'w1', 'a', 'error']);
    }
    if (op.on === 'async') {
      op.do = this.#list({ ...where, depth: where.depth + 1, awaits: true,
        caught: where.caught && random.chance(0.5) }, 3);
    }
    return op;
  }

  #deferred() { return `d${this.#random.below(4)}`; }
  #emitter() {
    // Most of what happens is to happen to the same one.
    return this.#random.chance(0.8) ? 'e0' : 'e1';
  }
  #kind() { return this.#random.pick(['stat', 'stat', 'pbkdf2']); }

  _when(where) {
    return { op: 'when', id: this.#deferred(), do: this.#later(where) };
  }
  _resolve() { return { op: 'resolve', id: this.#deferred() }; }
  _work(where) {
    return { op: 'work', kind: this.#kind(), do: this.#later(where) };
  }

  // Now and then one that is used already.
  #newHandle(letter) {
    if (this.#handles.length > 0 && this.#random.chance(0.1)) {
      return this.#random.pick(this.#handles);
    }
    const id = `${letter}${this.#fresh++}`;
    this.#handles.push(id);
    return id;
  }
  #unref(op) {
    if (this.#random.chance(this.#family.unref ?? 0)) op.unref = true;
    return op;
  }

  _timeout(where) {
    return this.#unref({ op: 'timeout', id: this.#newHandle('t'),
      ms: this.#random.pick(this.#family.durations), do: this.#later(where) });
  }
  _interval(where) {
    return this.#unref({ op: 'interval', id: this.#newHandle('v'),
      ms: this.#random.pick(this.#family.durations),
      times: this.#random.between(1, 3), do: this.#later(where) });
  }
  _immediate(where) {
    return this.#unref({ op: 'immediate', id: this.#newHandle('i'),
      do: this.#later(where) });
  }

  #onHandle(op) {
    if (this.#handles.length === 0) return null;
    // Rather one of the latest, which is likely to wait still.
    const latest = this.#handles.slice(-4);
    return { op, id: this.#random.pick(
      this.#random.chance(0.6) ? latest : this.#handles) };
  }
  _clear() { return this.#onHandle('clear'); }
  _ref() { return this.#onHandle('ref'); }
  _unref() { return this.#onHandle('unref'); }
  _refresh() { return this.#onHandle('refresh'); }

  // Short plots, which chance alone seldom writes. Each is a list.

  // Two generations of timers, all due when the second spin ends.
  _generations(where) {
    const random = this.#random;
    const durations = random.pick([[1, 2], [1, 3], [2, 5], [1, 2, 4], [5, 5],
      [3, 1], [60, 20]]);
    const start = (ms) => ({ ...this._timeout(where), ms });
    const first = durations.map(start);
    const spin = { op: 'spin', ms: Math.max(...durations) + 8 };
    const again = random.chance(0.4) ?
      [{ op: 'refresh', id: random.pick(first).id }] :
      durations.slice(0, random.between(1, 2)).map(start);
    return [...first, spin, ...again, random.chance(0.8) ? spin : null];
  }

  // A callback that takes longer than an interval or an unref'd timer.
  _overrun(where) {
    const id = this.#newHandle('v');
    const late = this.#random.chance(0.5) ?
      { op: 'interval', id, ms: 40, times: 2,
        do: [this.#log(where), { op: 'spin', ms: 120 }] } :
      { op: 'timeout', id, ms: 1, unref: true, do: this.#later(where) };
    if (late.op === 'interval') {
      return [late, { op: 'timeout', id: this.#newHandle('t'), ms: 180,
        do: this.#later(where) }];
    }
    const busy = [this.#log(where), late, { op: 'spin', ms: 8 }];
    return this.#random.chance(0.5) ? { op: 'close', do: busy } :
      { op: 'immediate', id: this.#newHandle('i'), do: busy };
  }

  // One function several times on an event, and off.
  _twice(where) {
    const random = this.#random;
    const [em, ev] = [this.#emitter(), random.pick(['a', 'b'])];
    const first = { ...this._on(where), em, ev };
    const other = { ...this._on(where), em, ev };
    const { fn } = first;
    const mode = random.pick(['on', 'once', 'prepend', 'prependOnce']);
    return [first, other, { op: 'on', em, ev, fn, mode },
      { op: 'off', em, ev, fn }, random.chance(0.5) ?
        { op: 'listeners', em, ev, s: `Q${this.#labels++}` } :
        { op: 'emit', em, ev, arg: random.below(10) }];
  }

  // Listeners that tell of removals while several are removed.
  _removals(where) {
    const em = this.#emitter();
    const ev = this.#random.pick(['a', 'b']);
    return [{ ...this._on(where), em, ev: 'removeListener', mode: 'on' },
      { ...this._on(where), em, ev }, { ...this._on(where), em, ev: 'w0' },
      { ...this._on(where), em, ev },
      { op: 'names', em, s: `Q${this.#labels++}` },
      this.#random.chance(0.5) ? { op: 'removeAll', em, ev } :
        { op: 'removeAll', em }];
  }

  #event() { return this.#random.weighted(this.#family.events); }

  _on(where) {
    const random = this.#random;
    const ev = this.#event();
    const op = { op: 'on', em: this.#emitter(), ev, fn: '',
      mode: random.pick(['on', 'on', 'once', 'prepend', 'prependOnce']) };
    if (this.#functions.length > 0 && random.chance(0.35)) {
      op.fn = random.chance(0.03) ? 'nobody' : random.pick(this.#functions);
      if (random.chance(0.8)) return op;
    } else {
      op.fn = `f${this.#functions.length}`;
      this.#functions.push(op.fn);
    }
    op.do = this.#list({ ...where, depth: where.depth + 1, awaits: false,
      listener: true, caught: random.chance(0.08) }, 3);
    return op;
  }
  _off() {
    if (this.#functions.length === 0) return null;
    return { op: 'off', em: this.#emitter(), ev: this.#event(),
      fn: this.#random.pick(this.#functions) };
  }
  _removeAll() {
    const op = { op: 'removeAll', em: this.#emitter() };
    if (this.#random.chance(0.6)) op.ev = this.#event();
    return op;
  }
  _emit() {
    const random = this.#random;
    const ev = random.chance(0.1) ? random.pick(['w0', 'w1']) : this.#event();
    const op = { op: 'emit', em: this.#emitter(), ev,
      arg: random.between(-2, 99) };
    if (random.chance(0.5)) op.s = `E${this.#labels++}`;
    return op.ev === 'error' && random.chance(0.4) ?
      { op: 'try', do: [op] } : op;
  }
  _count() { return this.#ask('count'); }
  _listeners() { return this.#ask('listeners'); }
  #ask(op) {
    return { op, em: this.#emitter(), ev: this.#event(),
      s: `Q${this.#labels++}` };
  }
  _names() {
    return { op: 'names', em: this.#emitter(), s: `Q${this.#labels++}` };
  }

  #controller() { return `c${this.#random.below(3)}`; }
  _abort() { return { op: 'abort', id: this.#controller() }; }
  _onAbort(where) {
    return { op: 'onAbort', id: this.#controller(), do: this.#later(where) };
  }
}

// {scenario, trace, candidates}: the trace is the model's.
export function generate(seed) {
  const names = Object.keys(FAMILIES);
  const family = names[seed % names.length];
  const random = new Random(seed);
  for (let candidates = 1; candidates <= MAX_CANDIDATES; candidates++) {
    const body = new Writer(random, FAMILIES[family]).scenario();
    const scenario = { version: 1, seed, family, features: [], ...body };
    scenario.features = featuresOf(scenario);
    const trace = onlyTrace(scenario);
    if (trace?.length >= FAMILIES[family].least) {
      return { scenario, trace, candidates };
    }
  }
  throw new Error(
    `seed ${seed}: none of ${MAX_CANDIDATES} candidates will do`);
}
