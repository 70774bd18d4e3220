// What the generator likes to write, family by family. `ops`, `awaits` and
// `events` are weights; `size` is how many operations in all, `depth` how deep
// they nest, `width` how many the root has; `stray` is the chance of an error
// where nothing awaits it; durations and spins are milliseconds. A trace
// shorter than `least` is not worth a comparison.
//
// Timers come in two kinds of times. Either spins make several due in one
// phase, or distances are whole slots of 60 ms, longer than a stall.

const QUEUES = { tick: 4, micro: 4, then: 2, async: 4, log: 1 };
const AWAITS = { value: 4, deferred: 1, async: 3, tick: 2, immediate: 1 };
const EVENTS = { a: 6, b: 3, error: 1, newListener: 1, removeListener: 1.5,
  errorMonitor: 0.6 };
const COALESCED = [0, 1, 1, 2, 3, 5, 1.5, 8];
const SLOTS = [60, 60, 120, 120, 180, 1];
const SPINS = [3, 8, 10, 12, 20];

export const FAMILIES = {
  queues: {
    size: [15, 60], depth: 6, width: [2, 6], least: 10,
    ops: { ...QUEUES, when: 3, resolve: 3, immediate: 1, try: 1, close: 0.3 },
    awaits: { ...AWAITS, deferred: 3 },
  },
  immediates: {
    size: [15, 60], depth: 6, width: [3, 8], least: 10,
    ops: { ...QUEUES, immediate: 16, clear: 5, ref: 1, refresh: 1, close: 1 },
    awaits: { ...AWAITS, immediate: 4 },
  },
  'timers-coalesced': {
    size: [12, 40], depth: 4, width: [5, 12], least: 6, durations: COALESCED,
    spins: SPINS,
    ops: { timeout: 12, interval: 3, spin: 8, generations: 7, overrun: 0.5,
      clear: 2, refresh: 3, ref: 0.5,
      unref: 0.5, tick: 2, micro: 2, immediate: 2, async: 2, close: 0.5 },
    awaits: { ...AWAITS, timeout: 2 },
  },
  'timers-slots': {
    size: [12, 30], depth: 3, width: [3, 8], least: 8, durations: SLOTS,
    spins: [8],
    ops: { timeout: 10, interval: 1, overrun: 0.7, clear: 1.5, refresh: 1.5, tick: 1,
      micro: 1, immediate: 2, async: 2, close: 0.5, spin: 0.5 },
    awaits: { ...AWAITS, timeout: 2 },
  },
  emitter: {
    size: [30, 90], depth: 4, width: [10, 24], least: 14, events: EVENTS,
    ops: { on: 16, emit: 14, twice: 2, removals: 1, off: 4, removeAll: 1.5, count: 1.5, listeners: 2,
      names: 2, try: 1, tick: 1, micro: 1, async: 1.5, immediate: 0.5 },
    awaits: { ...AWAITS, once: 4 },
  },
  io: {
    size: [15, 45], depth: 5, width: [2, 6], least: 8, durations: [60, 1, 120],
    spins: [8, 12],
    ops: { ...QUEUES, work: 7, close: 7, immediate: 4, timeout: 0.7,
      spin: 0.5, try: 0.5 },
    awaits: { ...AWAITS, work: 4, timeout: 0.3 },
  },
  uncaught: {
    size: [20, 60], depth: 5, width: [4, 9], least: 10, durations: COALESCED,
    spins: SPINS, uncaught: true, stray: 0.06, events: EVENTS,
    ops: { ...QUEUES, immediate: 7, timeout: 5, interval: 0.7, spin: 2,
      close: 3, work: 1, try: 1, on: 2, emit: 2, onAbort: 1, abort: 0.7,
      when: 1, resolve: 1, clear: 1, refresh: 0.5 },
    awaits: { ...AWAITS, work: 0.5, once: 0.5 },
  },
  lifecycle: {
    size: [12, 40], depth: 4, width: [3, 7], least: 8, beforeExit: 0.9,
    unref: 0.35,
    durations: [1, 1, 3, 60, 120], spins: [8, 12],
    ops: { ...QUEUES, timeout: 6, interval: 1, immediate: 6, ref: 2, unref: 3,
      clear: 2, refresh: 2, close: 2, spin: 2, work: 0.5, overrun: 2.5 },
    awaits: { ...AWAITS, timeout: 0.7 },
  },
  abort: {
    size: [20, 60], depth: 5, width: [4, 10], least: 8,
    ops: { ...QUEUES, onAbort: 10, abort: 7, immediate: 2, when: 1, resolve: 1,
      try: 0.5 },
    awaits: AWAITS,
  },
  mixed: {
    size: [20, 60], depth: 5, width: [5, 11], least: 10, durations: COALESCED,
    spins: SPINS, events: EVENTS, beforeExit: 0.1, unref: 0.03,
    ops: { ...QUEUES, immediate: 4, timeout: 4, interval: 0.7, spin: 2,
      clear: 1, ref: 0.3, unref: 0.3, refresh: 1, work: 2, close: 2, on: 4,
      emit: 4, off: 1, removeAll: 0.4, count: 0.4, listeners: 0.4, names: 0.4,
      onAbort: 1, abort: 1, when: 1, resolve: 1, try: 1, generations: 0.7,
      overrun: 0.2, twice: 0.4, removals: 0.2 },
    awaits: { value: 2, deferred: 1, async: 2, tick: 1, immediate: 1,
      timeout: 0.5, work: 1, once: 1 },
  },
};
