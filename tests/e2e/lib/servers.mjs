// Real servers for a test: Apache Kafka and PostgreSQL on free ports with
// their own data, started, killed and restarted by the test.
import { execFile, execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { createServer, connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { bin, root, run } from "./platform.mjs";
import { Program, lastLogLines } from "./process.mjs";

// Why a server cannot be had: the test is then skipped.
export class Unavailable extends Error {}

export function skipUnlessHad(error) {
  if (!(error instanceof Unavailable)) throw error;
  console.log(`skipped: ${error.message}`);
  process.exit(77);
}

async function accepts(port, program, what, timeoutMs = 60_000) {
  const giveUp = Date.now() + timeoutMs;
  for (;;) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true) || socket.destroy());
      socket.once("error", () => resolve(false));
    });
    if (open) return;
    if (program.exit || Date.now() > giveUp) {
      throw new Error(`${what} does not listen on port ${port}:\n${lastLogLines(program.log)}`);
    }
    await sleep(100);
  }
}

const KAFKA = join(root, "tests/support/kafka");

export function needKafka() {
  try {
    execFileSync(join(KAFKA, "fetch"), ["--offline"], { stdio: "pipe" });
  } catch (error) {
    throw new Unavailable(String(error.stderr || error).trim());
  }
}

function canBind(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

export const freePort = () => freePorts(1);

// Those that were given already: nobody may listen there yet.
const given = new Set();

// The first of `count` free ports in a row, below those that the system hands
// out: a client that goes on connecting to a broker that is down must not be
// given the broker's own port as its source, and so hold it.
export async function freePorts(count) {
  for (let tries = 0; tries < 1000; ++tries) {
    const first = 12000 + Math.floor(Math.random() * 18000);
    let free = true;
    for (let i = 0; free && i < count; ++i) free = !given.has(first + i) && (await canBind(first + i));
    if (!free) continue;
    for (let i = 0; i < count; ++i) given.add(first + i);
    return first;
  }
  throw new Error("no free ports between 12000 and 30000");
}

// Whether a broker answers an ApiVersions request.
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(5000, () => end(false));
    socket.once("error", () => end(false));
    socket.once("close", () => end(false));
    socket.once("data", () => end(true));
    socket.once("connect", () => socket.write(Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff])));
  });
}

// One broker of Apache Kafka, run by tests/support/kafka/broker with these
// settings; the log beside its directory says why it does not start. With a
// `gid` it runs as that group, so that its packets can be told from others'.
export class Broker {
  constructor(dir, port, settings = [], { patienceMs = 60_000, gid } = {}) {
    Object.assign(this, { dir, port, settings, patienceMs, gid });
  }

  launch() {
    const group = this.gid ? ["--regid", String(this.gid), "--clear-groups"] : [];
    this.program = new Program("broker", "setpriv",
      ["--pdeathsig", "KILL", ...group, "--", join(KAFKA, "broker"), "run", this.dir, String(this.port), ...this.settings],
      { log: `${this.dir}.log` });
  }

  async ready() {
    const giveUp = Date.now() + this.patienceMs;
    while (!(await answers(this.port))) {
      if (this.program.exit || Date.now() > giveUp) {
        throw new Error(`no broker at port ${this.port}:\n${lastLogLines(`${this.dir}.log`)}\n${lastLogLines(join(this.dir, "server.log"))}`);
      }
      await sleep(100);
    }
  }

  async start() {
    this.launch();
    await this.ready();
  }

  async stop(signal = "SIGTERM") {
    await this.program.kill(signal);
  }

  kill() {
    return this.stop("SIGKILL");
  }

  freeze() {
    this.program.child.kill("SIGSTOP");
  }

  thaw() {
    this.program.child.kill("SIGCONT");
  }
}

export class Kafka extends Broker {
  static async create(dir) {
    needKafka();
    const kafka = new Kafka(join(dir, "kafka"), await freePorts(2));
    await kafka.start();
    return kafka;
  }

  get brokers() {
    return `127.0.0.1:${this.port}`;
  }

  // Gives the broker the topics of the contracts, as who deploys does.
  async applyContracts(...args) {
    const settings = ["--set", "bus.transport=kafka", "--set", "bus.kafka.replication_factor=1", "--kafka-brokers", this.brokers];
    return run("millrace", join(bin, "millrace"), ["contracts", "apply", ...settings, ...args]);
  }
}

export class Postgres {
  static async create(dir) {
    const base = "/usr/lib/postgresql";
    const version = existsSync(base) && readdirSync(base).map(Number).filter((v) => existsSync(`${base}/${v}/bin/initdb`)).sort((a, b) => b - a)[0];
    if (!version) throw new Unavailable("PostgreSQL: no server in /usr/lib/postgresql; install postgresql ('tools/dev setup' does)");
    const postgres = new Postgres();
    postgres.bin = `${base}/${version}/bin`;
    postgres.dir = join(dir, "postgres");
    mkdirSync(postgres.dir);
    postgres.port = await freePort();
    postgres.prefix = ["--pdeathsig", "KILL"];
    if (process.getuid() === 0) {
      // Root may not run PostgreSQL.
      postgres.prefix.push("--reuid", "postgres", "--regid", "postgres", "--clear-groups");
      execFileSync("chown", ["postgres:postgres", postgres.dir]);
      chmodSync(dir, 0o755);
    }
    execFileSync("setpriv", [...postgres.prefix, "--", `${postgres.bin}/initdb`, "-D", join(postgres.dir, "data"), "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"], { stdio: "pipe", cwd: postgres.dir });
    await postgres.start();
    return postgres;
  }

  async start() {
    const log = join(this.dir, "postgres.log");
    for (let i = 0; ; ++i) {
      this.program = new Program("postgres", "setpriv", [...this.prefix, "--", `${this.bin}/postgres`, "-D", join(this.dir, "data"), "-p", String(this.port), "-c", "listen_addresses=127.0.0.1", "-k", this.dir], { log });
      try {
        await accepts(this.port, this.program, "PostgreSQL");
        break;
      } catch (error) {
        // Of one that was killed the children may be there yet, for a moment.
        if (i === 100 || !error.message.includes("pre-existing shared memory block")) throw error;
        await sleep(100);
      }
    }
    for (let i = 0; ; ++i) {
      try {
        this.sql("SELECT 1");
        return;
      } catch (error) {
        if (i === 300) throw error;
        await sleep(100);
      }
    }
  }

  sql(statement, database = "postgres") {
    return execFileSync(`${this.bin}/psql`, ["-h", "127.0.0.1", "-p", String(this.port), "-U", "postgres", "-d", database, "-XAtqc", statement], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  }

  // Others wait for the table for so many seconds.
  sleepLocked(table, seconds, database) {
    const statement = `BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(${seconds}); COMMIT`;
    return promisify(execFile)(`${this.bin}/psql`, ["-h", "127.0.0.1", "-p", String(this.port), "-U", "postgres", "-d", database, "-XAtqc", statement]);
  }

  createDatabase(name) {
    this.sql(`CREATE DATABASE ${name}`);
    return this.url(name);
  }

  url(name) {
    return `postgresql://postgres@127.0.0.1:${this.port}/${name}`;
  }

  // The postmaster and its children, as a power cut of the program would.
  kill() {
    return this.program.kill("SIGKILL");
  }

  stop() {
    return this.program.kill("SIGINT");
  }
}
