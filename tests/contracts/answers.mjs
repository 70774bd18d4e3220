// The documents against the running platform: what it answers and emits
// satisfies the schemas, under the HTTP statuses that they name; what the
// schemas let in it takes; and a schema that is wrong is noticed.
import assert from "node:assert/strict";
import { join } from "node:path";

import { cases, eventually } from "../e2e/lib/expect.mjs";
import { run, scratch, startAllInOne, bin } from "../e2e/lib/platform.mjs";
import { compiler, written } from "./lib.mjs";

const openapi = JSON.parse(written("openapi", "--json"));
const asyncapi = JSON.parse(written("asyncapi", "--json"));
const answered = compiler(openapi, { closed: true });
const sent = compiler(openapi);
const events = compiler(asyncapi, { closed: true });

const dir = scratch("documents");
const { program, http, grpc } = await startAllInOne(dir);

const escape = (part) => part.replaceAll("~", "~0").replaceAll("/", "~1");

function resolve(pointer) {
  const { $ref } = pointer.split("/").slice(1).reduce((at, part) => at[part.replaceAll("~1", "/").replaceAll("~0", "~")], openapi);
  return $ref ? $ref.slice(1) : pointer;
}

// Calls as the document says and holds the answer to what it says. Answers the
// body, and what was found.
async function call(path, body, { get = false, headers = {}, raw } = {}) {
  const operation = `/paths/${escape(path)}/${get ? "get" : "post"}`;
  const described = openapi.paths[path][get ? "get" : "post"];
  const query = new URLSearchParams({ message: JSON.stringify(body), encoding: "json", connect: "v1" });
  const response = get
    ? await fetch(`http://${http}${path}?${query}`, { headers })
    : await fetch(`http://${http}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: raw ?? JSON.stringify(body),
      });
  const reply = await response.json();
  const status = described.responses[response.status] ? String(response.status) : "default";
  const pointer = resolve(`${operation}/responses/${status}`);
  const type = response.headers.get("content-type").split(";")[0];
  const findings = answered(`${pointer}/content/${escape(type)}/schema`)(reply);
  return { status: response.status, described: status, reply, findings };
}

async function expect(status, path, body, options) {
  const result = await call(path, body, options);
  assert.equal(result.status, status, JSON.stringify(result.reply));
  assert.deepEqual(result.findings, [], JSON.stringify(result.reply));
  return result;
}

const users = "/users.v1.UsersService";
const templates = "/templates.v1.TemplatesService";
const admin = "/admin.v1.AdminService";
const nobody = "018f3c5e-7b1a-7c3d-9a52-0f1e2d3c4b5a";
let ada;

await cases({
  "create, read, list, change and delete a person": async () => {
    ada = (await expect(200, `${users}/CreateUser`, { email: "ada@example.org", displayName: "Ada Lovelace" })).reply;
    await expect(200, `${users}/GetUser`, { id: ada.id });
    await expect(200, `${users}/GetUser`, { id: ada.id }, { get: true });
    const { reply } = await expect(200, `${users}/ListUsers`, { pageSize: 10 }, { get: true });
    assert.equal(reply.users.length, 1);
    await expect(200, `${users}/UpdateUser`, { id: ada.id, user: { displayName: "Ada" }, updateMask: "displayName" });
    const other = (await expect(200, `${users}/CreateUser`, { email: "b@example.org", displayName: "B" })).reply;
    assert.deepEqual((await expect(200, `${users}/DeleteUser`, { id: other.id })).reply, {});
  },

  "errors have the statuses and bodies that are described": async () => {
    const { reply } = await expect(400, `${users}/CreateUser`, { email: "x" });
    assert.equal(reply.details[0].type, "google.rpc.BadRequest");
    assert.ok(reply.details[0].debug.fieldViolations.length >= 2);
    const missing = await expect(404, `${users}/GetUser`, { id: nobody });
    assert.equal(missing.described, "404");
    const twice = await expect(409, `${users}/CreateUser`, { email: "ada@example.org", displayName: "Ada" });
    assert.equal(twice.described, "409");
    await expect(409, `${users}/UpdateUser`, { id: ada.id, user: { displayName: "A" }, etag: "another" });
    await expect(400, `${users}/GetUser`, undefined, { raw: "{" });
    await expect(400, `${users}/GetUser`, { identity: nobody });
    await expect(415, `${users}/GetUser`, {}, { headers: { "content-type": "text/plain" } });
    await expect(400, `${users}/GetUser`, {}, { headers: { "connect-timeout-ms": "soon" } });
    await expect(404, `${templates}/GetTemplate`, { name: "none", locale: "en" });
    await expect(400, `${templates}/PutTemplate`, { name: "t", locale: "en", body: "{{#open}}" });
  },

  "64-bit numbers, enums, structs and any": async () => {
    const { reply } = await expect(200, `${templates}/PutTemplate`, { name: "hello", locale: "en", body: "Hello {{name}}" });
    assert.equal(typeof reply.version, "string");
    await expect(200, `${templates}/PublishTemplate`, { name: "hello", locale: "en", version: reply.version });
    await expect(200, `${templates}/RenderTemplate`, { name: "hello", locale: "en", data: { name: "Ada", deep: [1, null] } }, { get: true });
    await eventually("the audit trail has Ada", async () => {
      const { reply } = await expect(200, `${admin}/QueryAudit`, { subject: ada.id });
      return reply.entries?.length >= 2 && reply.entries[0].payload["@type"];
    });
  },

  "what the schemas of requests let in is taken, what they refuse is not": async () => {
    const check = sent(`/paths/${escape(`${users}/CreateUser`)}/post/requestBody/content/application~1json/schema`);
    const requests = [
      { email: "c@example.org", displayName: "C", locale: "de-AT" },
      { email: "", displayName: "C" },
      { email: "c@example.org" },
      { email: "c", displayName: "C" },
      { email: "d@example.org", displayName: "x".repeat(101) },
      { email: "d@example.org", displayName: "D", locale: "English" },
      { email: "d@example.org", displayName: "D", unknown: 1 },
      { email: "d@example.org", displayName: 4 },
    ];
    for (const request of requests) {
      const { status } = await call(`${users}/CreateUser`, request);
      assert.equal(check(request).length === 0, status === 200, `${JSON.stringify(request)}: ${status}, ${check(request)}`);
    }
  },

  "answers of a server stream are events of the described message": async () => {
    const described = openapi.paths[`${admin}/WatchEvents`].post.responses[200];
    assert.deepEqual(Object.keys(described.content), ["text/event-stream"]);
    const check = answered(`/paths/${escape(`${admin}/WatchEvents`)}/post/responses/200/x-item-schema`);
    const abort = new AbortController();
    const response = await fetch(`http://${http}${admin}/WatchEvents`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      body: "{}",
      signal: abort.signal,
    });
    assert.equal(response.headers.get("content-type").split(";")[0], "text/event-stream");
    await expect(200, `${users}/UpdateUser`, { id: ada.id, user: { displayName: "Countess" } });
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true });
      const data = /^data: ?(.*)$/m.exec(text.slice(0, text.lastIndexOf("\n") + 1));
      if (!data) continue;
      assert.deepEqual(check(JSON.parse(data[1])), []);
      break;
    }
    abort.abort();
  },

  "events on the bus are what the channels say": async () => {
    const { code, stdout, stderr } = await run("tail", join(bin, "millrace"), ["tail", "--grpc", grpc, "--from-beginning", "--no-follow"]);
    assert.equal(code, 0, stderr);
    const seen = new Set();
    for (const line of stdout.trim().split("\n")) {
      const event = JSON.parse(line);
      const message = asyncapi.components.messages[event.type];
      assert.ok(message, `${event.type} is not described`);
      const { "@type": type, ...payload } = event.protoData;
      assert.equal(type, `type.googleapis.com/${message["x-protobuf-message"]}`);
      assert.deepEqual(events(message.payload.$ref.slice(1))(payload), [], line);
      const headers = {
        ce_specversion: "1.0", ce_id: event.id, ce_type: event.type, ce_source: event.source, ce_time: event.time,
        ce_subject: event.key, "content-type": event.contentType, traceparent: event.traceparent,
      };
      assert.deepEqual(events(`/components/messages/${event.type}/headers`)(headers), [], line);
      assert.notDeepEqual(events(`/components/messages/${event.type}/headers`)({ ...headers, ce_type: "x" }), []);
      seen.add(event.type);
    }
    assert.ok(seen.has("users.v1.UserEvents.Created") && seen.has("templates.v1.TemplateEvents.Published"), [...seen].join());
  },

  "a document that is wrong about an answer is noticed": async () => {
    for (const [name, mutate] of Object.entries({
      "a number that is a string": (d) => {
        Object.assign(d.components.schemas["templates.v1.Template"].properties.version, { type: "integer", pattern: undefined });
      },
      "a field that is not described": (d) => {
        delete d.components.schemas["templates.v1.Template"].properties.state;
      },
      "an enum without a value": (d) => {
        d.components.schemas["templates.v1.Template"].properties.state.enum = ["TEMPLATE_STATE_DRAFT"];
      },
    })) {
      const mutant = JSON.parse(JSON.stringify(openapi));
      mutate(mutant);
      const { reply } = await call(`${templates}/GetTemplate`, { name: "hello", locale: "en" });
      assert.equal(reply.state, "TEMPLATE_STATE_PUBLISHED");
      assert.notDeepEqual(compiler(mutant, { closed: true })("/components/schemas/templates.v1.Template")(reply), [], name);
    }
  },
});

const { code } = await program.kill("SIGTERM");
if (code !== 0) throw new Error(`SIGTERM ended the platform with code ${code}`);
