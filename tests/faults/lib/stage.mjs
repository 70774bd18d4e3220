// One fault case: its topic, its databases, its services, and the check of
// what is left when all is over.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { bin } from "../../e2e/lib/platform.mjs";
import { Program } from "../../e2e/lib/process.mjs";
import { describe, differences } from "./check.mjs";
import { within } from "./within.mjs";

const program = join(bin, "../tests/fault_service");
const PATIENCE_MS = 180_000;
// More than a service allows itself to end in.
const END_MS = 60_000;
const KEYS = 64; // each gets as many changes as the others

export class Stage {
  // `long`: with as much as there is time for. A case may set `atEnd`, which is
  // called when its services are gone.
  constructor(name, { dir, brokers, postgres, long }) {
    Object.assign(this, { name, brokers, postgres, long, services: [], started: 0 });
    this.dir = join(dir, name);
    mkdirSync(this.dir);
    this.topic = `${name}-events`;
    this.group = `${name}-appliers`;
    this.acks = join(this.dir, "acks");
    this.emit = `sqlite://${join(this.dir, "emit.db")}`;
    this.apply = `sqlite://${join(this.dir, "apply.db")}`;
  }

  // Both databases in PostgreSQL instead.
  usePostgres() {
    const prefix = this.name.replaceAll("-", "_");
    this.emit = this.postgres.createDatabase(`${prefix}_emit`);
    this.apply = this.postgres.createDatabase(`${prefix}_apply`);
  }

  async createTopic(partitions = 6) {
    await this.brokers.admin((admin) => admin.createTopics({
      topics: [this.topic, `${this.topic}.dead`].map((topic) => ({ topic, numPartitions: partitions, replicationFactor: this.brokers.size })),
      waitForLeaders: true,
    }));
  }

  // A service process. `events` is how many changes there are to be, about.
  async run(options, env = {}) {
    const { events = 0 } = options;
    const rounded = events - (events % KEYS);
    if (rounded > 0) this.events = rounded;
    const words = Object.entries({ brokers: this.brokers.addresses, topic: this.topic, group: this.group, ...options, events: rounded, keys: KEYS })
      .map(([name, value]) => `${name}=${typeof value === "number" ? Math.round(value) : value}`);
    const name = `service-${++this.started}`;
    const service = new Program(name, program, ["run", ...words], { log: join(this.dir, `${name}.log`), env });
    this.services.push(service);
    await service.line(/^ready$/);
    return service;
  }

  writer(options) {
    return this.run({ emit: this.emit, acks: this.acks, ...options });
  }

  reader(options = {}) {
    return this.run({ apply: this.apply, ...options });
  }

  // The newest that the services have said.
  progress() {
    const newest = { committed: 0, waiting: 0, applied: 0 };
    for (const service of this.services) {
      const line = service.lines.findLast((one) => one.startsWith("progress"));
      if (!line) continue;
      const [, committed, waiting, applied] = line.split(" ").map(Number);
      newest.committed = Math.max(newest.committed, committed);
      newest.applied = Math.max(newest.applied, applied);
      if (committed > 0 && !service.exit) newest.waiting = waiting;
    }
    return newest;
  }

  async until(what, done, patienceMs = PATIENCE_MS) {
    const giveUp = Date.now() + patienceMs;
    while (!(await done(this.progress()))) {
      if (Date.now() > giveUp) {
        throw new Error(`in vain: ${what}; the services say ${JSON.stringify(this.progress())}${await this.#whatDiffers()}`);
      }
      await sleep(50);
    }
  }

  applied(share) {
    return this.until(`${share} of the events applied`, ({ applied }) => applied >= share * this.events);
  }

  committed(share) {
    return this.until(`${share} of the changes committed`, ({ committed }) => committed >= share * this.events);
  }

  async kill(service) {
    await service.kill("SIGKILL");
  }

  // In order, which it must manage by itself.
  async end(service) {
    const { code, signal } = await within(END_MS, service.kill("SIGTERM"),
      () => `${service.name} did not end within ${END_MS} ms after SIGTERM; its threads: ${service.threads()}; see ${service.log}`);
    assert.equal(code, 0, `${service.name} ended with code ${code}, signal ${signal} after SIGTERM; see ${service.log}`);
  }

  // Until everything was done and the group has no lag.
  async settle(events = this.events) {
    await this.until("all changes committed", ({ committed }) => committed >= events);
    await this.until("all events applied", ({ applied }) => applied >= events);
    await this.until("the outbox empty", ({ waiting }) => waiting === 0);
    await this.until("no lag", async () => (await this.brokers.lag(this.group, this.topic)) === 0);
  }

  // Ends what runs and compares.
  async check() {
    for (const service of this.services) if (!service.exit) await this.end(service);
    const found = this.#differences();
    assert.equal(found.size, 0, describe(found));
    const { changed } = this.#tables();
    assert.equal(changed.length, this.events, "changes");
  }

  async deadLetters() {
    return this.brokers.records(`${this.topic}.dead`);
  }

  async close() {
    for (const service of this.services) await service.kill("SIGKILL");
    await this.atEnd?.();
  }

  #tables() {
    const dump = (url, table) => execFileSync(program, ["dump", url, table], { encoding: "utf8", maxBuffer: 1 << 28, timeout: PATIENCE_MS }).split("\n").filter(Boolean);
    return { changed: dump(this.emit, "changes"), applied: dump(this.apply, "applied") };
  }

  #differences() {
    const { changed, applied } = this.#tables();
    // The last line may have been cut by a kill.
    const acknowledged = existsSync(this.acks) ? readFileSync(this.acks, "utf8").split("\n").slice(0, -1) : [];
    return differences(acknowledged, changed, applied);
  }

  async #whatDiffers() {
    try {
      const lag = await this.brokers.lag(this.group, this.topic);
      return `, the lag is ${lag}\n${describe(this.#differences())}`;
    } catch (error) {
      return `; and what differs cannot be told: ${error.message}`;
    }
  }
}
