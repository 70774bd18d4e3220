// An installation that asks who calls, from its first minute: the first
// administrator is made in the databases, sets a password, logs in and may do
// everything; nobody else may. And two processes, of which one calls the other
// for nobody, as a listener does: its certificate says who it is.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { cases, eventually } from "./lib/expect.mjs";
import { bin, run, scratch, start } from "./lib/platform.mjs";

const dir = scratch("identity");
const ROOT = "root@example.org";
const data = join(dir, "data");
const bootstrap = (email, ...more) =>
  run("millrace", join(bin, "millrace"), ["admin", "bootstrap", email, "--data", data, ...more]);

// A call as JSON over HTTP: the answer, or the error's code.
async function call(http, method, request, token) {
  const response = await fetch(`http://${http}/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(request),
  });
  return response.json();
}

const users = (method) => `users.v1.UsersService/${method}`;
const sessions = (method) => `users.v1.SessionsService/${method}`;
const admin = (method) => `admin.v1.AdminService/${method}`;

let rootId, ticket;
async function firstAdministrator() {
  const made = await bootstrap(ROOT, "--name", "Root");
  assert.equal(made.code, 0, made.stderr);
  rootId = /user (\S+)$/m.exec(made.stdout)[1];
  ticket = /"ticket": "([^"]+)"/.exec(made.stdout)[1];
}

async function whatTheyMayDo() {
  const platform = await start("millrace", join(bin, "millrace"), [
    "up", "--data", data, "--http-port", "0", "--grpc-port", "0",
    "--identity-jwks", "local", "--set", "identity.access=true",
  ], { log: join(dir, "millrace.log") });
  const { http } = platform;
  assert.equal((await call(http, users("ListUsers"), {})).code, "unauthenticated");

  const newPassword = "correct horse battery";
  assert.deepEqual(await call(http, sessions("SetPassword"), { ticket, newPassword }), {});
  assert.equal((await call(http, sessions("SetPassword"), { ticket, newPassword })).code, "unauthenticated");
  // What a token says is what has been heard of the grant.
  const token = await eventually("a token that says it", async () => {
    const { accessToken } = await call(http, sessions("Login"), { email: ROOT, password: newPassword });
    const { users: people } = await call(http, users("ListUsers"), {}, accessToken);
    return people !== undefined && accessToken;
  });
  const ada = await call(http, users("CreateUser"), { email: "ada@example.org", displayName: "Ada" }, token);
  assert.ok(ada.id, JSON.stringify(ada));

  // Another, who is known and may nothing until somebody says so.
  const adas = await call(http, sessions("CreatePasswordTicket"), { userId: ada.id }, token);
  await call(http, sessions("SetPassword"), { ticket: adas.ticket, newPassword });
  const { accessToken } = await call(http, sessions("Login"), { email: "ada@example.org", password: newPassword });
  assert.equal((await call(http, users("ListUsers"), {}, accessToken)).code, "permission_denied");
  assert.equal((await call(http, users("GetUser"), { id: ada.id }, accessToken)).id, ada.id);

  const entry = await eventually("the grant in the audit trail", async () =>
    (await call(http, admin("QueryAudit"), { eventType: "admin.v1.AdminEvents.PermissionsChanged" }, token)).entries?.[0]);
  assert.equal(entry.subject, rootId);
  assert.equal(entry.actor, "bootstrap");
  assert.deepEqual(entry.payload.permissions, ["*"]);

  assert.match((await bootstrap("second@example.org")).stderr, /another process uses it/);
  await commandLine(platform.grpc, newPassword);
  await platform.program.kill("SIGTERM");
}

// Who has logged in calls as themselves, also when the token of before has
// ended, and until they have logged out.
async function commandLine(grpc, password) {
  const state = join(dir, "state");
  const session = join(state, "millrace", "session");
  const options = { env: { XDG_STATE_HOME: state, MILLRACE_TARGET: grpc } };
  const millrace = (...args) => run("millrace", join(bin, "millrace"), args, options);
  const list = () => millrace("call", "ListUsers", "{}");
  writeFileSync(join(dir, "password"), `${password}\n`);
  writeFileSync(join(dir, "wrong"), "not that\n");

  assert.match((await list()).stderr, /^UNAUTHENTICATED: /);
  const wrong = await millrace("login", ROOT, "--password-file", join(dir, "wrong"));
  assert.match(wrong.stderr, /^UNAUTHENTICATED: /);
  const login = await millrace("login", ROOT, "--password-file", join(dir, "password"));
  assert.equal(login.code, 0, login.stderr);
  assert.equal(login.stdout, `logged in as user ${rootId}`);
  assert.equal(statSync(session).mode & 0o777, 0o600);
  assert.match((await list()).stdout, /root@example\.org/);

  // A token that has ended: the next command gets others, once for all that run
  // at the same time.
  const [targets, json] = readFileSync(session, "utf8").split("\n");
  const tokens = JSON.parse(json);
  writeFileSync(session, `${targets}\n${JSON.stringify({ ...tokens, accessToken: "ended", accessExpireTime: new Date(0) })}\n`);
  for (const { stdout, stderr } of await Promise.all([list(), list(), list(), list()])) {
    assert.match(stdout, /root@example\.org/, stderr);
  }
  const after = JSON.parse(readFileSync(session, "utf8").split("\n")[1]);
  assert.notEqual(after.refreshToken, tokens.refreshToken);
  assert.equal(statSync(session).mode & 0o777, 0o600);

  // Another process is told nothing.
  const elsewhere = await run("millrace", join(bin, "millrace"), ["call", "ListUsers", "{}"],
    { env: { XDG_STATE_HOME: state, MILLRACE_TARGET: grpc.replace("127.0.0.1", "localhost") } });
  assert.match(elsewhere.stderr, /^UNAUTHENTICATED: /);

  // A session that has ended is told of, and forgotten.
  assert.equal((await millrace("logout")).code, 0);
  assert.equal(existsSync(session), false);
  assert.match((await list()).stderr, /^UNAUTHENTICATED: /);
  writeFileSync(session, `${targets}\n${JSON.stringify({ ...after, accessExpireTime: new Date(0) })}\n`, { mode: 0o600 });
  assert.match((await list()).stderr, /^UNAUTHENTICATED: the session has ended; log in again/);
  assert.equal(existsSync(session), false);
}

async function noSecond() {
  for (const email of ["second@example.org", ROOT]) {
    const { code, stdout, stderr } = await bootstrap(email);
    assert.equal(code, 1, stdout);
    assert.match(stderr, /administrator/);
  }
}

// Certificates of one authority: of a server at 127.0.0.1, or of a client.
function authority() {
  const openssl = (...args) => execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.crt", "-days", "1", "-subj", "/CN=authority");
  return (name) => {
    writeFileSync(join(dir, `${name}.ext`), "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n");
    openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    openssl("x509", "-req", "-in", `${name}.csr`, "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
      "-days", "1", "-extfile", `${name}.ext`, "-out", `${name}.crt`);
    return { certificate_file: join(dir, `${name}.crt`), key_file: join(dir, `${name}.key`) };
  };
}

// A session that was begun over TLS is not told in plain text.
async function overTls(grpc, ca) {
  const options = { env: { XDG_STATE_HOME: join(dir, "state-tls"), MILLRACE_TARGET: grpc } };
  const millrace = (...args) => run("millrace", join(bin, "millrace"), args, options);
  const login = await millrace("login", ROOT, "--password-file", join(dir, "password"), "--tls-ca", ca);
  assert.equal(login.code, 0, login.stderr);
  for (const command of [["call", "ListUsers"], ["logout"]]) {
    const { code, stderr } = await millrace(...command);
    assert.equal(code, 1);
    assert.match(stderr, /this session was begun over TLS; give --tls-ca/);
  }
  assert.match((await millrace("call", "ListUsers", "--tls-ca", ca)).stdout, /root@example\.org/);
  assert.equal((await millrace("logout", "--tls-ca", ca)).code, 0);
}

async function certificates() {
  const issue = authority();
  const ca_file = join(dir, "ca.crt");
  const process = (service, name, config) => {
    const file = join(dir, `${name}.yaml`);
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({
      services: [service],
      data_dir: service === "users" ? data : join(dir, name),
      http: { port: 0 },
      ...config,
    }));
    return start(name, join(bin, service), ["--config", file], { log: join(dir, `${name}.log`) });
  };
  const { program: people, grpc } = await process("users", "users", {
    grpc: { port: 0, tls: { ...issue("users"), ca_file, client_certificates: "optional" } },
    identity: {
      jwks: "local", access: true,
      certificates: true, certificate_permissions: { templates: "users.users.read" },
    },
  });
  await overTls(grpc, ca_file);
  // What it answers about the person when it is asked by nobody in particular.
  const render = async (name, remote_tls) => {
    const { program, http } = await process("templates", name, {
      grpc: { port: 0 }, remote: { users: grpc }, remote_tls: { ca_file, ...remote_tls },
    });
    const answer = await call(http, "templates.v1.TemplatesService/RenderTemplate",
      { name: "welcome", locale: "en", userId: rootId });
    await program.kill("SIGTERM");
    return answer;
  };
  const known = await render("templates", issue("templates"));
  assert.match(known.body ?? JSON.stringify(known), /Root/);
  const other = await render("stranger", issue("stranger"));
  assert.equal(other.code, "permission_denied", JSON.stringify(other));
  const nobody = await render("nobody", {});
  assert.equal(nobody.code, "unauthenticated", JSON.stringify(nobody));
  await people.kill("SIGTERM");
}

await cases({
  "the first administrator is made before anything runs": firstAdministrator,
  "and may do everything, and nobody else does": whatTheyMayDo,
  "there is no second first one": noSecond,
  "a process that calls for nobody is known by its certificate": certificates,
});
