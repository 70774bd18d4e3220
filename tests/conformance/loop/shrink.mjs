// Makes a scenario smaller for as long as it stays interesting.
import { featuresOf } from './generator.mjs';

const isList = (value) => Array.isArray(value) &&
  value.every((one) => one && typeof one === 'object');

// The lists of operations in `value`, outermost first.
function* lists(value) {
  if (!value || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    if (isList(value) && value.every((one) => one.op)) yield value;
    for (const one of value) yield* lists(one);
    return;
  }
  for (const one of Object.values(value)) yield* lists(one);
}

// Every document with one list changed by `change(list, i)`.
function* variants(scenario) {
  const count = [...lists(scenario)].length;
  for (let at = 0; at < count; at++) {
    const { length } = [...lists(scenario)][at];
    const copy = () => {
      const made = structuredClone(scenario);
      return { made, list: [...lists(made)][at] };
    };
    for (let size = length; size >= 1; size = Math.floor(size / 2)) {
      for (let i = 0; i + size <= length; i += size) {
        const { made, list } = copy();
        list.splice(i, size);
        yield made;
      }
    }
    for (let i = 0; i < length; i++) {
      const { made, list } = copy();
      const inner = list[i].do ?? list[i].chain?.flat();
      if (!inner?.every((op) => op.op !== 'await')) continue;
      list.splice(i, 1, ...inner);
      yield made;
    }
  }
  for (const key of ['beforeExit', 'uncaught']) {
    if (!(key in scenario)) continue;
    const made = structuredClone(scenario);
    delete made[key];
    yield made;
  }
}

// The smallest found within `limitMs`; `interesting` is asynchronous.
export async function shrink(scenario, interesting, limitMs) {
  const end = Date.now() + limitMs;
  let best = scenario;
  for (let progress = true; progress;) {
    progress = false;
    for (const made of variants(best)) {
      if (Date.now() > end) return best;
      made.features = featuresOf(made);
      if (!await interesting(made)) continue;
      best = made;
      progress = true;
      break;
    }
  }
  return best;
}
