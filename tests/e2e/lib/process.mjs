// Programs under test: started, read line by line, killed by their own pid.
import { spawn } from "node:child_process";
import { createWriteStream, readFileSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";

const running = new Set();

// Nothing outlives the test, whatever ends it.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => process.exit(1));
}
process.on("exit", () => {
  for (const program of running) program.child.kill("SIGKILL");
});

// The platform refuses variables that it does not know; those of tests are not
// for it.
export const plainEnvironment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("MILLRACE_")));

export class Program {
  // `log` collects stdout and stderr.
  constructor(name, file, args, { env = {}, log } = {}) {
    this.name = name;
    this.log = log;
    this.lines = [];
    this.waiting = [];
    this.child = spawn(file, args, {
      env: { ...plainEnvironment, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(this);
    const sink = log ? createWriteStream(log, { flags: "a" }) : null;
    const err = createInterface({ input: this.child.stderr });
    this.errors = [];
    err.on("line", (line) => {
      this.errors.push(line);
      sink?.write(line + "\n");
    });
    const out = createInterface({ input: this.child.stdout });
    out.on("line", (line) => {
      this.lines.push(line);
      sink?.write(line + "\n");
      this.#settle();
    });
    this.exited = new Promise((resolve) => {
      this.child.once("error", (error) => {
        this.errors.push(String(error));
        resolve({ code: -1, signal: null });
      });
      this.child.once("close", (code, signal) => {
        running.delete(this);
        this.exit = { code, signal };
        // Who reads the log of a test that failed wants to know.
        sink?.write(`${name} ${this.child.pid} ended at ${new Date().toISOString()}: ${JSON.stringify(this.exit)}\n`);
        this.#settle();
        resolve(this.exit);
      });
    });
  }

  #settle() {
    this.waiting = this.waiting.filter(({ pattern, resolve, reject }) => {
      const line = this.lines.find((l) => pattern.test(l));
      if (line !== undefined) resolve(pattern.exec(line));
      else if (this.exit) reject(new Error(`${this.name} ended (${JSON.stringify(this.exit)}) before it printed ${pattern}:\n${this.errors.slice(-20).join("\n")}`));
      else return true;
      return false;
    });
  }

  // The match of the first stdout line that fits.
  async line(pattern, timeoutMs = 60_000) {
    let timer;
    const found = new Promise((resolve, reject) => {
      this.waiting.push({ pattern, resolve, reject });
      timer = setTimeout(
        () => reject(new Error(`${this.name} did not print ${pattern} in ${timeoutMs} ms:\n${this.errors.slice(-20).join("\n")}`)),
        timeoutMs,
      );
    });
    this.#settle();
    try {
      return await found;
    } finally {
      clearTimeout(timer);
    }
  }

  // Their names and where in the kernel each waits, for who asks why it runs on.
  threads() {
    const dir = `/proc/${this.child.pid}/task`;
    try {
      const of = (id, what) => readFileSync(`${dir}/${id}/${what}`, "utf8").trim();
      return readdirSync(dir).map((id) => `${of(id, "comm")} (${of(id, "wchan")})`).join(", ");
    } catch (error) {
      return `cannot be read: ${error.message}`;
    }
  }

  async kill(signal = "SIGKILL") {
    if (!this.exit) this.child.kill(signal);
    return this.exited;
  }
}

export function lastLogLines(file, count = 30) {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-count).join("\n");
  } catch {
    return "";
  }
}
