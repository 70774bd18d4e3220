// Compares what was changed with what was applied: everything exactly once, in
// the order of each key, and nothing else.

const MOST = 10; // of a kind that are listed

function byKey(lines) {
  const keys = new Map();
  for (const line of lines) {
    const [key, number] = line.split(" ");
    if (!keys.has(key)) keys.set(key, []);
    keys.get(key).push(Number(number));
  }
  return keys;
}

// What is wrong, by kind; empty when nothing is. `acknowledged`, `changed` and
// `applied` are "KEY NUMBER" lines.
export function differences(acknowledged, changed, applied) {
  const found = new Map();
  const note = (kind, what) => {
    if (!found.has(kind)) found.set(kind, []);
    found.get(kind).push(what);
  };
  const known = new Set(changed);
  for (const line of acknowledged) {
    if (!known.has(line)) note("acknowledged, but not in the database", line);
  }
  const seen = new Map();
  for (const line of applied) {
    seen.set(line, (seen.get(line) ?? 0) + 1);
    if (!known.has(line)) note("applied, but never committed", line);
  }
  for (const line of changed) {
    const times = seen.get(line) ?? 0;
    if (times === 0) note("never applied", line);
    else if (times > 1) note("applied more than once", `${line} (${times} times)`);
  }
  for (const [key, numbers] of byKey(applied)) {
    for (let i = 1; i < numbers.length; ++i) {
      if (numbers[i] < numbers[i - 1]) note("out of order", `${key} ${numbers[i]} after ${numbers[i - 1]}`);
    }
  }
  return found;
}

export function describe(found) {
  return [...found].map(([kind, what]) => `${what.length} ${kind}: ${what.slice(0, MOST).join(", ")}${what.length > MOST ? ", ..." : ""}`).join("\n");
}
