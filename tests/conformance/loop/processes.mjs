// Runs scenarios in Node and in `millrace loop-trace`, many in a process or
// one in a process of its own.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const INTERPRETER = fileURLToPath(new URL('interpreter.cjs', import.meta.url));
// Nothing printed for so long, times SCALE, is taken for a hang.
const PATIENCE_MS = 30_000;

export class Runner {
  constructor(name, command, args, { lines = '--lines', sharable }) {
    this.name = name;
    this.command = command;
    this.args = args;
    this.lines = lines;
    this.sharable = sharable;
  }

  // The line of a scenario, in a process of its own.
  async alone(text, scale = 1) {
    const { lines, end } = await this.#run(['-'], `${text}\n`, scale);
    return lines[0] ?? end;
  }

  // The lines of the scenarios, in one process where that is allowed.
  async together(scenarios) {
    const results = new Map();
    let waiting = [];
    for (const { scenario, text } of scenarios) {
      if (this.sharable(scenario)) waiting.push(text);
      else results.set(text, await this.alone(text));
    }
    while (waiting.length > 0) {
      const { lines, end } =
        await this.#run([this.lines], `${waiting.join('\n')}\n`, 1);
      lines.forEach((line, i) => results.set(waiting[i], line));
      if (lines.length < waiting.length) {
        results.set(waiting[lines.length], end);
      }
      waiting = waiting.slice(lines.length + 1);
    }
    return scenarios.map(({ text }) => results.get(text));
  }

  // Lines are only whole ones; `end` tells how the process ended.
  #run(args, input, scale) {
    return new Promise((resolve) => {
      const child = spawn(this.command, [...this.args, ...args], {
        env: { ...process.env, SCALE: String(scale), UV_THREADPOOL_SIZE: '1' },
      });
      let out = '', errors = '', hung = false;
      const kill = () => {
        hung = true;
        child.kill('SIGKILL');
      };
      let timer = setTimeout(kill, PATIENCE_MS * scale);
      child.stdout.on('data', (data) => {
        out += data;
        clearTimeout(timer);
        timer = setTimeout(kill, PATIENCE_MS * scale);
      });
      child.stderr.on('data', (data) => { errors += data; });
      child.stdin.on('error', () => {}); // it ended before it had read all
      child.on('error', (error) => { errors += error.message; });
      child.on('close', (code, signal) => {
        clearTimeout(timer);
        const lines = out.split('\n');
        lines.pop();
        resolve({ lines, end: hung ? 'hung' :
          `ended with ${signal ?? code} and no trace: ${errors.trim()}` });
      });
      child.stdin.end(input);
    });
  }
}

export function nodeRunner() {
  return new Runner('node', process.execPath, [INTERPRETER], {
    // See interpreter.cjs.
    sharable: ({ features }) =>
      !features.includes('unref') && !features.includes('beforeExit'),
  });
}

export function loopRunners(binary) {
  return ['uv', 'grpc'].map((source) =>
    new Runner(source, binary, ['loop-trace', '--poll-source', source],
      { sharable: () => true }));
}
