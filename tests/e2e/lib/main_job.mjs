// The main job, whatever runs it: people are created through both faces while
// things are killed; then everything must be there once.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { CallError } from "./clients.mjs";

const CREATED = "users.v1.UserEvents.Created";

// Creates everybody, `width` calls at once, half over each face; repeats a
// call while the service is away. `faces()` gives the faces of the moment;
// `onCreated(n)` is told how many there are.
export async function createAll(everybody, faces, onCreated, width = 16) {
  const queue = everybody.map((person, i) => ({ person, i }));
  let created = 0;
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { person, i } = next;
      await createOne(person, () => faces()[i % 2 ? "http" : "grpc"]);
      onCreated(++created);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}

async function createOne(person, face) {
  const giveUp = Date.now() + 120_000;
  let asked = false;
  for (;;) {
    try {
      await face().call("users", "CreateUser", person, 10_000);
      return;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      // The answer to an earlier try was lost with the process.
      if (asked && error.code === "ALREADY_EXISTS") return;
      const cut = error.away || error.code === "CANCELLED" || error.code === "INTERNAL" && /RST_STREAM|transport|socket/i.test(error.text);
      if (!cut) throw error;
      if (Date.now() > giveUp) throw error;
      asked = true;
      await sleep(20);
    }
  }
}

// Every page of a list method.
export async function pages(face, service, method, request, field) {
  const all = [];
  let page_token = "";
  do {
    const reply = await face.call(service, method, { ...request, page_size: 500, page_token });
    all.push(...(reply[field] ?? []));
    page_token = reply.next_page_token ?? "";
  } while (page_token);
  return all;
}

// Waits until the trail and the messages have as many as there are people (or
// no progress is made), then checks that each is there exactly once. `besides`
// are e-mail addresses of others, of whom nothing is asked.
export async function checkAll(everybody, face, { idleMs = 30_000, besides = [] } = {}) {
  const found = await pages(face, "users", "ListUsers", {}, "users");
  const users = found.filter((user) => !besides.includes(user.email));
  const others = new Set(found.filter((user) => besides.includes(user.email)).map((user) => user.id));
  assert.equal(others.size, besides.length, "others that exist");
  const entries = async (event_type) =>
    (await pages(face, "admin", "QueryAudit", { event_type }, "entries")).filter((entry) => !others.has(entry.subject));
  assert.equal(users.length, everybody.length, "users that exist");
  const byEmail = new Map(users.map((user) => [user.email, user]));
  assert.equal(byEmail.size, everybody.length, "different e-mail addresses");
  for (const person of everybody) {
    const user = byEmail.get(person.email.toLowerCase());
    assert.ok(user, `no user has ${person.email}`);
    assert.equal(user.display_name, person.display_name);
    assert.equal(user.locale, person.locale);
  }

  const trail = await settled(
    () => entries(CREATED),
    everybody.length,
    idleMs,
  );
  const perUser = countBy(trail, (entry) => entry.subject);
  for (const user of users) {
    assert.equal(perUser.get(user.id) ?? 0, 1, `audit entries of ${user.email}`);
  }
  assert.equal(trail.length, users.length, "audit entries in all");
  assert.equal(new Set(trail.map((e) => e.event_id)).size, trail.length, "different events");

  const eventOf = new Map(trail.map((entry) => [entry.subject, entry.event_id]));
  const waitFor = Date.now() + idleMs;
  const queue = [...users];
  const check = async () => {
    for (let user = queue.shift(); user; user = queue.shift()) {
      let messages;
      do {
        messages = await pages(face, "templates", "ListMessages", { user_id: user.id }, "messages");
        if (messages.length === 0) await sleep(50);
      } while (messages.length === 0 && Date.now() < waitFor);
      assert.equal(messages.length, 1, `messages of ${user.email}`);
      const [message] = messages;
      assert.equal(message.template, "welcome");
      assert.equal(message.event_id, eventOf.get(user.id));
      assert.ok(message.body.includes(escapeHtml(user.display_name)), `${message.body} names ${user.display_name}`);
      assert.ok(message.body.includes(user.email));
      const language = user.locale.split("-")[0];
      const expected = ["en", "de", "fr", "es", "pt", "ja"].includes(language) ? language : "en";
      assert.equal(message.locale, expected, `language of the message to ${user.locale}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, check));

  const rendered = await settled(
    () => entries("templates.v1.TemplateEvents.MessageRendered"),
    everybody.length,
    idleMs,
  );
  assert.equal(rendered.length, users.length, "MessageRendered events in the trail");
  return { users: users.length, trail: trail.length, rendered: rendered.length };
}

// Asks until there are `count` and no more for a moment, or nothing changes.
export async function settled(ask, count, idleMs) {
  let last = -1;
  let since = Date.now();
  for (;;) {
    const found = await ask();
    if (found.length >= count) {
      await sleep(300);
      const again = await ask();
      if (again.length === found.length) return again;
    }
    if (found.length !== last) {
      last = found.length;
      since = Date.now();
    } else if (Date.now() - since > idleMs) {
      return found;
    }
    await sleep(100);
  }
}

function countBy(items, key) {
  const counts = new Map();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}

function escapeHtml(text) {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (c) => names[c]);
}
