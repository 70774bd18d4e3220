// The Node twin of templates_bench: `node twin.cjs DIR NAME WHAT [SECONDS]`
// repeats a case with Handlebars for that long and prints the nanoseconds that
// one takes, of CPU time of the main thread. DIR has the cases; what Handlebars
// renders must be what stands there.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');

// The packages of the differential tests.
const packages = createRequire(path.join(__dirname, '../../conformance/templates/package.json'));
const Handlebars = packages('handlebars');

const [dir, name, what, seconds = '0.4'] = process.argv.slice(2);
const read = (ending) => fs.readFileSync(path.join(dir, name + ending), 'utf8');
const source = read('.hbs');
const json = read('.json');
const precompiled = Handlebars.template((0, eval)(`(${Handlebars.precompile(source)})`));
const data = JSON.parse(json);
if (precompiled(data) !== read('.txt')) {
  console.error(`${name}: Handlebars renders something else`);
  process.exit(1);
}

const runs = {
  json: () => Buffer.from(precompiled(JSON.parse(json))).length,
  render: () => precompiled(data).length,
  compile: () => Handlebars.precompile(source).length,
};
const run = runs[what];

// User and system time of the main thread in nanoseconds, in steps of 10 ms.
function cpu() {
  const stat = fs.readFileSync(`/proc/self/task/${process.pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 1e7;
}

let sum = 0;
for (const end = Date.now() + 300; Date.now() < end;) sum += run(); // warms the compiler up
const begin = cpu();
let count = 0;
do {
  for (let i = 0; i < 10; ++i) sum += run();
  count += 10;
} while (cpu() - begin < Number(seconds) * 1e9);
console.log((cpu() - begin) / count);
if (!(sum > 0)) process.exit(1);
