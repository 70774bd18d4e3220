// What benchmarks have in common that measure a server of ours beside a peer:
// each is a process on the first core, the load runs on the last.
import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

const lastCore = String(os.cpus().length - 1);
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

// A server on the first core. What it writes to stderr is in DIR/NAME.log.
export class Server {
  constructor(dir, name, file, args, env = {}) {
    this.name = name;
    this.log = path.join(dir, `${name}.log`);
    this.started = performance.now();
    this.child = spawn('taskset', ['-c', '0', file, ...args], {
      // The platform refuses variables that it does not know.
      env: { ...Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('MILLRACE_'))), ...env },
      stdio: ['ignore', 'pipe', openSync(this.log, 'a')],
    });
    running.add(this.child);
    this.exited = new Promise((resolve) => this.child.once('exit', (code) => {
      running.delete(this.child);
      resolve(code);
    }));
  }

  get pid() {
    return this.child.pid;
  }

  // The match of the first line of its output that fits; then `address` is what
  // the first group has, a port or a host with a port.
  async line(pattern) {
    const found = await new Promise((resolve, reject) => {
      readline.createInterface({ input: this.child.stdout }).on('line', (text) => {
        const match = pattern.exec(text);
        if (match) resolve(match);
      });
      this.child.once('exit', () => reject(new Error(`${this.name} has ended: ${readFileSync(this.log, 'utf8').slice(-4000)}`)));
    });
    const [, address] = found;
    if (address) this.address = address.includes(':') ? address : `127.0.0.1:${address}`;
    return this;
  }

  async stop() {
    this.child.kill('SIGTERM');
    await this.exited;
  }

  // User and system time, in seconds; in steps of 10 ms.
  cpuSeconds() {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  // In bytes: what is resident; this process' share of it; and what it has
  // written itself, which the system cannot read again from files.
  memory() {
    const rollup = readFileSync(`/proc/${this.pid}/smaps_rollup`, 'latin1');
    const of = (name) => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(rollup)[1]) * 1024;
    return { rss: of('Rss'), pss: of('Pss'), anonymous: of('Anonymous') };
  }
}

// Runs a program on the last core; resolves with its output, which is JSON.
export async function load(file, args) {
  const child = spawn('taskset', ['-c', lastCore, file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => { output += piece; });
  const code = await new Promise((resolve) => child.once('close', resolve));
  running.delete(child);
  if (code !== 0) throw new Error(`${path.basename(file)} ${args.slice(0, 4).join(' ')} ended with code ${code}`);
  return JSON.parse(output);
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// Prints rows of a table with columns of these widths.
export const table = (widths) => (...cells) => console.log(
  cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(''));
