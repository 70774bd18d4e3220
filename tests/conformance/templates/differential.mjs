// differential.mjs handlebars|mustache [--count N] [--seed S]: random templates
// and data through a peer and through the engine, which must render the same
// bytes. A case that fails is printed with its template; --seed with its number
// and --count 1 make it again.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import Handlebars from 'handlebars';
import Mustache from 'mustache';

import { makeCase } from './generator.mjs';

const PEERS = {
  mustache: {
    flags: ['--syntax', '1'],
    options: { extended: false, crlf: true },
    render: ({ template, data, partials }) => Mustache.render(template, data, partials),
  },
  handlebars: {
    flags: ['--syntax', '2'],
    options: { extended: true, crlf: false },
    render({ template, data, partials }) {
      const peer = Handlebars.create();
      for (const [name, source] of Object.entries(partials)) peer.registerPartial(name, source);
      return peer.compile(template)(data);
    },
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string', default: '5000' }, seed: { type: 'string', default: '1' } },
});
const peer = PEERS[positionals[0]];
if (peer === undefined) {
  console.error(`usage: differential.mjs ${Object.keys(PEERS).join('|')} [--count N] [--seed S]`);
  process.exit(2);
}
const bin = process.env.MILLRACE_BIN ?? path.join(import.meta.dirname, '../../../build/release/bin');

const tests = [];
for (let seed = Number(values.seed); tests.length < Number(values.count); ++seed) {
  const one = makeCase(seed, peer.options);
  tests.push({ ...one, expected: peer.render(one) });
}
const dir = mkdtempSync(path.join(tmpdir(), 'millrace-templates-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
const file = path.join(dir, 'cases.json');
writeFileSync(file, JSON.stringify({ tests }));
const { status, stdout, stderr } = spawnSync(
  path.join(bin, 'millrace'), ['render', '--spec', file, ...peer.flags], { encoding: 'utf8', maxBuffer: 256 << 20 });

const lines = (stdout ?? '').trimEnd().split('\n');
for (const line of lines.slice(0, -1).slice(0, 5)) {
  const failed = tests.find(({ name }) => line.startsWith(`failed: ${name}:`));
  console.log(line);
  console.log(JSON.stringify({ template: failed?.template, data: failed?.data, partials: failed?.partials }, null, 1));
}
console.log(lines.at(-1) || stderr);
// Cases that render nothing would show nothing.
const empty = tests.filter(({ expected }) => expected.trim() === '').length;
if (empty > tests.length / 5) console.log(`${empty} cases render nothing`);
process.exit(status === 0 && lines.at(-1) === `${tests.length} passed, 0 failed` && empty <= tests.length / 5 ? 0 : 1);
