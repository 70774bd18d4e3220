// Keeps a scenario only if its trace does not hang on the machine: the model
// must give one trace however long operations and jobs take, wherever the
// clock stands, however late sleeps end, and with a stall before any reading
// of the clock. (A stall between two readings cannot be told from one before
// the second.)
import { CALM } from './model/loop.mjs';
import { runModel } from './model/model.mjs';
import { Random } from './random.mjs';

const STALLS = [3_000, 35_000];

function makeProfiles() {
  const profiles = [
    { ...CALM, cost: 2, late: 0, jobs: [0] },
    { ...CALM, cost: 300, phase: 999, late: 35_000, jobs: [35_000] },
    { ...CALM, cost: 20, phase: 990, late: 0, jobs: [35_000], early: 400 },
    { ...CALM, cost: 100, phase: 1, late: 10_000, jobs: [0], coarse: 500 },
    { ...CALM, cost: 2, phase: 500, jobs: [20, 35_000], scale: 5 },
    { ...CALM, cost: 5, phase: 999, jobs: [35_000, 20], scale: 2 },
  ];
  const random = new Random(90);
  while (profiles.length < 24) {
    profiles.push({
      ...CALM,
      cost: random.pick([2, 5, 20, 60, 150, 300]),
      phase: random.below(1000),
      coarse: random.pick([0, 0, 1 + random.below(999)]),
      late: random.pick([0, 60, 500, 1_500, 5_000, 35_000]),
      jobs: random.pick([[0], [30], [800], [3_000], [35_000], [35_000, 10, 900],
        [10, 5_000]]),
      early: random.pick([0, 0, 300, 2_000, 30_000]),
      scale: random.pick([1, 1, 2, 3, 5]),
    });
  }
  return profiles;
}

const PROFILES = makeProfiles();
const TIMELESS = new Set(['log', 'throw', 'try', 'tick', 'micro', 'then',
  'async', 'await', 'when', 'resolve', 'immediate', 'clear', 'close', 'on',
  'off', 'removeAll', 'emit', 'count', 'listeners', 'names', 'abort', 'onAbort',
  'await-value', 'await-deferred', 'await-async', 'await-tick',
  'await-immediate', 'await-once', 'beforeExit', 'uncaught']);

// The scenario's one trace, or null.
export function onlyTrace(scenario) {
  const { trace, looks } = runModel(scenario);
  if (!trace) return null;
  const timeless = scenario.features.every((one) => TIMELESS.has(one));
  if (timeless) return trace;
  const text = JSON.stringify(trace);
  const same = (profile) =>
    JSON.stringify(runModel(scenario, profile).trace) === text;
  for (const stall of STALLS) {
    for (let stallAt = 0; stallAt < looks; stallAt++) {
      if (!same({ ...CALM, stallAt, stall })) return null;
    }
  }
  return PROFILES.every(same) ? trace : null;
}
