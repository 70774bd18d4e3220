// Shows that the comparison can tell wrong rules from Node's: for each mutant
// of the model, some scenario of the default run leaves another trace.
import { COUNT, SEED } from './defaults.mjs';
import { generate } from './generator.mjs';
import { MUTANTS } from './model/mutants.mjs';
import { CALM } from './model/loop.mjs';
import { runModel } from './model/model.mjs';

// All are caught by then, most of them many times; the rest of the default
// run is looked at only if one is not.
const ENOUGH = 300;

const caught = new Map(Object.keys(MUTANTS).map((name) => [name, []]));
let looked = 0;
for (; looked < COUNT; looked++) {
  if (looked >= ENOUGH && [...caught.values()].every((by) => by.length > 0)) {
    break;
  }
  const { scenario, trace } = generate(SEED + looked);
  const truth = JSON.stringify(trace);
  for (const [name, by] of caught) {
    if (JSON.stringify(runModel(scenario, CALM, name).trace) !== truth) {
      by.push(SEED + looked);
    }
  }
}

let escaped = 0;
for (const [name, by] of caught) {
  if (by.length === 0) escaped++;
  console.log(`${name}: ${by.length === 0 ? 'NOT CAUGHT' :
    `${by.length} of ${looked} scenarios, first by seed ${by[0]}`} (` +
    `${MUTANTS[name]})`);
}
process.exitCode = escaped > 0 ? 1 : 0;
