// What the platform says to bad input, word for word, in one process.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import rpc from "@grpc/grpc-js";

import { GrpcFace, HttpFace, status } from "./lib/clients.mjs";
import { cases, rejects } from "./lib/expect.mjs";
import { bin, run, scratch, startAllInOne } from "./lib/platform.mjs";

const dir = scratch("bad-input");
const millrace = join(bin, "millrace");
const { program, http, grpc } = await startAllInOne(dir);
const overGrpc = new GrpcFace(grpc);
const overHttp = new HttpFace(http);

const post = (path, body, headers = { "content-type": "application/json" }) =>
  fetch(`http://${http}${path}`, { method: "POST", headers, body });
const createUser = "/users.v1.UsersService/CreateUser";

// An address that somebody else has.
async function taken(use) {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(server.address().port);
  } finally {
    server.close();
  }
}

await cases({
  async "unknown configuration key"() {
    const file = join(dir, "wrong.yaml");
    writeFileSync(file, "htpp:\n  port: 1\n");
    const { code, stderr } = await run("millrace", millrace, ["up", "--config", file, "--data", join(dir, "x")]);
    assert.equal(code, 1);
    assert.ok(stderr.includes(`${file}:1:1: unknown key 'htpp'; did you mean 'http'?`), stderr);
  },
  async "HTTP port in use"() {
    await taken(async (port) => {
      const { code, stderr } = await run("millrace", millrace, ["up", "--data", join(dir, "x"), "--http-port", String(port), "--grpc-port", "0"]);
      assert.equal(code, 1);
      assert.ok(stderr.includes(`address 127.0.0.1:${port} is in use; choose another with --http-port`), stderr);
    });
  },
  async "gRPC port in use"() {
    await taken(async (port) => {
      const { code, stderr } = await run("millrace", millrace, ["up", "--data", join(dir, "x"), "--http-port", "0", "--grpc-port", String(port)]);
      assert.equal(code, 1);
      assert.ok(stderr.includes(`address 127.0.0.1:${port} is in use; choose another with --grpc-port`), stderr);
    });
  },
  async "invalid e-mail address"() {
    const wrong = { email: "ada@", display_name: "Ada" };
    const text = "email: must be an e-mail address";
    await rejects(overGrpc.call("users", "CreateUser", wrong), "INVALID_ARGUMENT", text);
    const error = await rejects(overHttp.call("users", "CreateUser", wrong), "INVALID_ARGUMENT", text);
    assert.equal(error.http, 400);
  },
  async "every violation at once"() {
    const error = await rejects(overHttp.call("users", "CreateUser", { locale: "??" }), "INVALID_ARGUMENT");
    for (const field of ["email:", "display_name:", "locale:"]) assert.ok(error.text.includes(field), error.text);
  },
  async "duplicate e-mail address"() {
    await overGrpc.call("users", "CreateUser", { email: "twice@example.org", display_name: "One" });
    const again = { email: "Twice@Example.org", display_name: "Two" };
    const text = "another user has this e-mail address";
    await rejects(overGrpc.call("users", "CreateUser", again), "ALREADY_EXISTS", text);
    const error = await rejects(overHttp.call("users", "CreateUser", again), "ALREADY_EXISTS", text);
    assert.equal(error.http, 409);
  },
  async "nobody has the id"() {
    const id = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
    const text = `there is no user with the id ${id}`;
    await rejects(overGrpc.call("users", "GetUser", { id }), "NOT_FOUND", text);
    const error = await rejects(overHttp.call("users", "GetUser", { id }), "NOT_FOUND", text);
    assert.equal(error.http, 404);
  },
  async "unknown method"() {
    const response = await post("/users.v1.UsersService/CreateUsr", "{}");
    assert.equal(response.status, 404);
    const body = await response.json();
    assert.equal(body.code, "unimplemented");
    assert.equal(body.message, "users.v1.UsersService has no method CreateUsr; did you mean 'CreateUser'?");
  },
  async "unknown method over gRPC"() {
    const client = new rpc.Client(grpc, rpc.credentials.createInsecure());
    const bytes = (buffer) => buffer;
    const error = await new Promise((resolve) =>
      client.makeUnaryRequest("/users.v1.UsersService/CreateUsr", bytes, bytes, Buffer.alloc(0), resolve));
    client.close();
    assert.equal(error.code, status.UNIMPLEMENTED);
    assert.equal(
      error.details,
      "method /users.v1.UsersService/CreateUsr is not served here; did you mean '/users.v1.UsersService/CreateUser'?",
    );
  },
  async "malformed JSON"() {
    const response = await post(createUser, '{"email": "a@b.org",\n "displayName": \'A\'}');
    assert.equal(response.status, 400);
    const body = await response.json();
    assert.equal(body.code, "invalid_argument");
    assert.match(body.message, /line 2, column 17/);
  },
  async "unknown field"() {
    const response = await post(createUser, '{"emial": "a@b.org"}');
    assert.equal(response.status, 400);
    const body = await response.json();
    assert.match(body.message, /has no field 'emial'; did you mean 'email'\?/);
  },
  async "wrong content type"() {
    const response = await post(createUser, "email=a", { "content-type": "application/x-www-form-urlencoded" });
    assert.equal(response.status, 415);
  },
  async "wrong HTTP method"() {
    const response = await fetch(`http://${http}/healthz`, { method: "DELETE" });
    assert.equal(response.status, 405);
    assert.match(response.headers.get("allow"), /GET/);
  },
  async "body over the limit"() {
    const response = await post(createUser, JSON.stringify({ email: "x".repeat(5 << 20) }));
    assert.equal(response.status, 413);
    const body = await response.json();
    assert.match(body.message, /4194304/);
  },
  async "a template that does not compile"() {
    await rejects(
      overGrpc.call("templates", "PutTemplate", { name: "x", locale: "en", body: "Hi {{#a}}" }),
      "INVALID_ARGUMENT",
      "body: x:1:4: section 'a' is never closed; add {{/a}}\n  Hi {{#a}}\n     ^",
    );
  },
  async "a page token of another kind"() {
    await rejects(overGrpc.call("users", "ListUsers", { page_token: "zzz" }), "INVALID_ARGUMENT", /^page_token: is not a token of this service/);
  },
});

overGrpc.close();
const { code } = await program.kill("SIGTERM");
assert.equal(code, 0, "exit code after SIGTERM");
