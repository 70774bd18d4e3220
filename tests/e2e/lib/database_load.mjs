// Callers who create, change and read people, and remember what they were
// answered: what the databases must have, whatever happens to them meanwhile.
import assert from "node:assert/strict";

import { CallError } from "./clients.mjs";
import { pages } from "./main_job.mjs";

const DEADLINE_MS = 5_000;

// What a call may fail with while a database is away: UNAVAILABLE that says
// when to come back, or the caller's own deadline.
function mayFail(error) {
  if (!(error instanceof CallError)) return false;
  return error.code === "DEADLINE_EXCEEDED" || error.code === "UNAVAILABLE" && error.retry;
}

const nameOf = (revision) => `Name ${revision}`;
const numberIn = (name) => Number(/^Name (\d+)$/.exec(name)[1]);

export class DatabaseLoad {
  constructor(face, callers) {
    Object.assign(this, { face, people: new Map(), done: 0, failures: new Map(), wrong: [], stopped: false });
    this.callers = Array.from({ length: callers }, (_, i) => this.#work(i));
  }

  get failed() {
    return [...this.failures.values()].reduce((sum, n) => sum + n, 0);
  }

  // Rejects when an answer was one that no caller should get.
  async stop() {
    this.stopped = true;
    await Promise.all(this.callers);
    assert.deepEqual(this.wrong, []);
  }

  // What callers were told until now, for check().
  acknowledged() {
    return new Map([...this.people].map(([id, { said }]) => [id, said]));
  }

  // The answer, or nothing when it failed as it may.
  async #call(service, method, request) {
    try {
      const reply = await this.face.call(service, method, request, DEADLINE_MS);
      this.done++;
      return reply;
    } catch (error) {
      if (!mayFail(error)) this.wrong.push(`${method}: ${error.message ?? error}`);
      this.failures.set(error.code, (this.failures.get(error.code) ?? 0) + 1);
      // As a caller who heeds the advice, if a hasty one.
      await new Promise((resolve) => setTimeout(resolve, 50));
      return undefined;
    }
  }

  async #work(caller) {
    for (let n = 0; !this.stopped; ++n) {
      // Never the same address twice: who was not answered cannot know.
      const email = `c${caller}.${n}@example.org`;
      const user = await this.#call("users", "CreateUser", { email, display_name: nameOf(0) });
      if (user === undefined) continue;
      const person = { email, said: 0, asked: 0 };
      this.people.set(user.id, person);
      for (let change = 1; change <= 3 && !this.stopped; ++change) {
        person.asked = change;
        const changed = await this.#call("users", "UpdateUser", { id: user.id, user: { display_name: nameOf(change) } });
        if (changed !== undefined) person.said = change;
        const read = await this.#call("users", "GetUser", { id: user.id });
        if (read !== undefined) this.#compare(read, person);
        await this.#call("admin", "QueryAudit", { subject: user.id, page_size: 1 });
      }
    }
  }

  // What was acknowledged is there; what was not may be.
  #compare(user, { email, said, asked }) {
    const number = numberIn(user.display_name);
    if (user.email !== email || number < said || number > asked) {
      this.wrong.push(`${email}: ${user.display_name} is read; ${said} was acknowledged, ${asked} asked for`);
    }
  }

  // Every acknowledged write is there, and each change that is there has one
  // entry of the trail. `settled` asks until it gives the number it is told.
  // `face` may be another platform's, that is to know what `acknowledged` has.
  async check(settled, face = this.face, acknowledged = this.acknowledged()) {
    const users = await pages(face, "users", "ListUsers", {}, "users");
    const found = new Map(users.map((user) => [user.id, user]));
    for (const [id, said] of acknowledged) {
      const person = this.people.get(id);
      assert.ok(found.has(id), `${person.email} was acknowledged and is not there`);
      this.#compare(found.get(id), { ...person, said });
    }
    assert.deepEqual(this.wrong, []);
    // The etag is the person's revision: 1, and one more with each change.
    const changes = users.reduce((sum, user) => sum + Number(user.etag) - 1, 0);
    const entries = (event) => () =>
      pages(face, "admin", "QueryAudit", { event_type: `users.v1.UserEvents.${event}` }, "entries");
    const created = await settled(entries("Created"), users.length);
    const updated = await settled(entries("Updated"), changes);
    for (const trail of [created, updated]) {
      assert.equal(new Set(trail.map((entry) => entry.event_id)).size, trail.length, "different events");
    }
    const count = (trail, id) => trail.filter((entry) => entry.subject === id).length;
    for (const user of users) {
      assert.equal(count(created, user.id), 1, `Created of ${user.email}`);
      assert.equal(count(updated, user.id), Number(user.etag) - 1, `Updated of ${user.email}`);
    }
    assert.equal(created.length, users.length, "Created in all");
    assert.equal(updated.length, changes, "Updated in all");
    return { users: users.length, acknowledged: acknowledged.size, changes, failures: Object.fromEntries(this.failures) };
  }
}
