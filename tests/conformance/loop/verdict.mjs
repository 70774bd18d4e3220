// Decides whether the loop does what Node does. A stalled machine can change a
// trace of either: a difference counts only if it is there with longer times
// too. The longest are for machines that are shared by many: stalls of half a
// second were seen there.
const SCALES = [1, 3, 10, 30];

export const traceLine = (trace) => JSON.stringify({ trace });

// null, or {source, scale, expected, actual} of one loop that differs. `known`
// is the line that the model or a file has, or null.
export async function verdict(text, node, loops, known = null) {
  let difference = null;
  for (const scale of SCALES) {
    const expected = await node.alone(text, scale);
    difference = null;
    if (known !== null && expected !== known) {
      difference = { source: 'known', scale, expected, actual: known };
    }
    for (const loop of loops) {
      const actual = await loop.alone(text, scale);
      if (actual !== expected) {
        difference = { source: loop.name, scale, expected, actual };
      }
    }
    if (difference === null) return null;
  }
  return difference;
}
