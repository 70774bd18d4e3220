// Random templates with data, of what the engine and its peers have in common.
//
// What they do not agree on is left out, by rule:
// - mustache.js and Handlebars escape more characters than the specification
//   does: values have none of ' ` = /
// - Handlebars looks for a name in one context only, and mustache.js goes on
//   outwards when the second part of a dotted name is not there: every depth of
//   the data has names of its own, and dotted names begin at the top.
// - Handlebars takes "" and 0 for true in sections: their subjects are booleans,
//   lists and objects there. Of two numbers that are not escaped it renders the
//   sum: only texts are not escaped.
// - Handlebars indents what a partial has rendered, mustache.js leaves its blank
//   lines as they are: lines of partials begin with a character and are not
//   blank, and values have one line.

// Numbers that are the same for a seed everywhere.
export function makeRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n) => Math.floor(next() * n);
  return { below, pick: (list) => list[below(list.length)], oneIn: (n) => below(n) === 0 };
}

const TEXTS = ['', 'plain', '<b>', 'a & b', '"quoted"', 'x > y', 'ä€😀', '{{n0}}', ' ', '&amp;'];
const NUMBERS = [0, 1, -1, 1.5, 1e21, 1e-7, 123456789, -0.25, 100.125];
const DEPTH = 3;

// An object of depth d: names end in d.
function makeObject(random, d) {
  const object = {};
  const maybe = (name, make) => { if (!random.oneIn(5)) object[name + d] = make(); };
  maybe('s', () => random.pick(TEXTS));
  maybe('n', () => random.pick(NUMBERS));
  maybe('t', () => random.oneIn(2));
  maybe('z', () => null);
  maybe('w', () => Array.from({ length: random.below(4) }, () => random.pick(TEXTS)));
  if (d < DEPTH) {
    maybe('l', () => Array.from({ length: random.below(4) }, () => makeObject(random, d + 1)));
    maybe('o', () => makeObject(random, d + 1));
  }
  return object;
}

const LITERALS = ['x', ' y ', 'text', '<p>', ' { ', ' } ', '|', '.'];
const LINE_ENDS = ['\n', '\n', '\n', '\r\n'];

class Writer {
  constructor(random, { extended, crlf }) {
    this.random = random;
    this.extended = extended;  // Handlebars' blocks
    this.end = crlf ? random.pick(LINE_ENDS) : '\n';
    this.partials = {};
  }

  variable(d, inText) {
    const { random } = this;
    const name = `${random.pick(['s', 'n', 't', 'z'])}${d}`;
    const path = inText ? '.' : this.extended && random.oneIn(4) && d > 0 ? `../s${d - 1}`
      : d === 0 && random.oneIn(4) ? `o0.${random.pick(['s', 'n'])}1` : name;
    if (this.extended && !/^s\d$/.test(path)) return random.pick([`{{${path}}}`, `{{ ${path} }}`]);
    return random.pick([`{{${path}}}`, `{{ ${path} }}`, `{{{${path}}}}`, `{{&${path}}}`]);
  }

  // The tags of a block, with the depth and the kind of context inside.
  block(d) {
    const { random } = this;
    const kinds = ['section', 'section', 'inverted'];
    if (this.extended) kinds.push('if', 'each', 'unless', 'with');
    const flag = `t${d}`;
    const deep = d < DEPTH;
    switch (random.pick(kinds)) {
      case 'section': {
        const name = random.pick(deep ? ['t', 'w', 'l', 'o'] : ['t', 'w']);
        const inside = name === 't' ? [d, false] : name === 'w' ? [d, true] : [d + 1, false];
        return { open: `{{#${name}${d}}}`, close: `{{/${name}${d}}}`, inside };
      }
      case 'inverted': {
        const name = random.pick(['t', 'w', 'z', 'l', 'o']);
        return { open: `{{^${name}${d}}}`, close: `{{/${name}${d}}}`, inside: [d, false] };
      }
      case 'if':
        return { open: `{{#if ${random.pick([flag, `s${d}`, `n${d}`, `w${d}`])}}}`, close: '{{/if}}', inside: [d, false], orElse: [d, false] };
      case 'unless':
        return { open: `{{#unless ${flag}}}`, close: '{{/unless}}', inside: [d, false], orElse: [d, false] };
      case 'each':
        return deep && random.oneIn(2)
          ? { open: `{{#each l${d}}}`, close: '{{/each}}', inside: [d + 1, false], orElse: [d, false], loop: true }
          : { open: `{{#each w${d}}}`, close: '{{/each}}', inside: [d, true], orElse: [d, false], loop: true };
      default:
        return deep ? { open: `{{#with o${d}}}`, close: '{{/with}}', inside: [d + 1, false], orElse: [d, false] }
          : { open: `{{#if ${flag}}}`, close: '{{/if}}', inside: [d, false] };
    }
  }

  // Some pieces of a line.
  inline(d, inText, room, loop) {
    const { random } = this;
    let text = '';
    for (let i = 1 + random.below(3); i > 0; --i) {
      const what = random.below(6);
      if (what < 2 || room <= 0) {
        text += random.pick(LITERALS);
      } else if (what < 4) {
        text += loop && random.oneIn(2) ? random.pick(['{{@index}}', '{{#if @first}}1{{/if}}', '{{#unless @last}},{{/unless}}'])
          : this.variable(d, inText);
      } else if (what === 4) {
        text += '{{! a comment }}';
      } else if (!inText) {
        const block = this.block(d);
        text += block.open + this.inline(...block.inside, room - 1, block.loop);
        if (block.orElse && random.oneIn(2)) text += `{{else}}${this.inline(...block.orElse, room - 1)}`;
        text += block.close;
      }
    }
    return text;
  }

  // Lines, with blocks, partials and comments that stand alone.
  lines(d, inText, room, loop, inPartial) {
    const { random, end } = this;
    let text = '';
    for (let i = 1 + random.below(3); i > 0; --i) {
      const what = random.below(8);
      const space = random.pick(['', '', '  ', '\t']);
      if (what < 4 || inText || room <= 0) {
        text += `${inPartial ? '-' : space}${this.inline(d, inText, room - 1, loop)}.${end}`;
      } else if (what === 4) {
        text += `${space}{{! alone }}${end}`;
      } else if (what === 5 && !inPartial) {
        text += `${space}{{> ${this.partial(d)}}}${end}`;
      } else {
        const block = this.block(d);
        text += `${space}${block.open}${end}${this.lines(...block.inside, room - 1, block.loop, inPartial)}`;
        if (block.orElse && random.oneIn(2)) text += `${space}{{else}}${end}${this.lines(...block.orElse, room - 1, false, inPartial)}`;
        text += `${space}${block.close}${end}`;
      }
    }
    return text;
  }

  partial(d) {
    const name = `p${Object.keys(this.partials).length}`;
    this.partials[name] = '';  // takes the name
    this.partials[name] = this.lines(d, false, 1, false, true);
    return name;
  }
}

export function makeCase(seed, options) {
  const random = makeRandom(seed);
  const data = makeObject(random, 0);
  const writer = new Writer(random, options);
  const template = writer.lines(0, false, 3, false, false);
  return { name: `seed ${seed}`, desc: '', data, template, partials: writer.partials };
}
