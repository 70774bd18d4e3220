// What the command line says by its exit codes, and to whom it talks.
import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { cases } from "./lib/expect.mjs";
import { bin, run, scratch, start, startAllInOne } from "./lib/platform.mjs";
import { Program } from "./lib/process.mjs";

const dir = scratch("command-line");
const data = join(dir, "data");
const binary = join(bin, "millrace");
const millrace = (args, env = {}) => run("millrace", binary, args, { env });
// The same through a shell, which redirects as `how` says.
const redirected = (args, how) => run("millrace", "/bin/sh", ["-c", `exec "$0" "$@" ${how}`, binary, ...args]);

const { program, grpc } = await startAllInOne(dir);
const other = await start("other", binary, ["up", "--data", join(dir, "other"), "--http-port", "0", "--grpc-port", "0"]);
const emails = (result) => [...result.stdout.matchAll(/[a-z]+@example\.org/g)].map(([email]) => email);

// A process that takes connections and says nothing: `use` gets its address and
// a promise of the first bytes that somebody has sent to it.
async function silent(use) {
  const sockets = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.once("data", () => server.emit("asked"));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`127.0.0.1:${server.address().port}`, once(server, "asked"));
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

// What a command says that is interrupted while it waits for an answer.
const interrupted = (args, env = {}) => silent(async (address, asked) => {
  const command = new Program("millrace", binary, [...args, "--grpc", address], { env });
  await asked;
  const { code } = await command.kill("SIGINT");
  return { code, stdout: command.lines.join("\n"), stderr: command.errors.join("\n") };
});

const create = async (email, address) => {
  const made = await millrace(["call", "--grpc", address, "CreateUser", JSON.stringify({ email, displayName: "Some" })]);
  assert.equal(made.code, 0, made.stderr);
};
await create("ada@example.org", grpc);
await create("grace@example.org", other.grpc);

await cases({
  async "a flag wins over the environment, which says the rest"() {
    const env = { MILLRACE_TARGET: other.grpc };
    assert.deepEqual(emails(await millrace(["call", "ListUsers"], env)), ["grace@example.org"]);
    assert.deepEqual(emails(await millrace(["call", "--grpc", grpc, "ListUsers"], env)), ["ada@example.org"]);
    const tailed = await millrace(["tail", "--grpc", grpc, "--from-beginning", "--no-follow"], env);
    assert.match(tailed.stdout, /ada@example\.org/);
    for (const args of [["dead-letters", "--grpc", "127.0.0.1:1"], ["dead-letters", "list", "--grpc", "127.0.0.1:1"],
      ["replay", "--all", "--grpc", "127.0.0.1:1"], ["emit", "x.v1.X.Y", "--grpc", "127.0.0.1:1"]]) {
      const { code, stderr } = await millrace(args, env);
      assert.equal(code, 1, args.join(" "));
      assert.match(stderr, /^UNAVAILABLE: /, args.join(" "));
    }
    const absent = join(dir, "absent.pem");
    const tls = await millrace(["call", "--grpc", grpc, "--tls-ca", absent, "ListUsers"], { MILLRACE_TLS_CA: join(dir, "of-environment.pem") });
    assert.match(tls.stderr, /absent\.pem/);
    const fromEnvironment = await millrace(["call", "ListUsers"], { MILLRACE_TLS_CA: join(dir, "of-environment.pem") });
    assert.match(fromEnvironment.stderr, /of-environment\.pem/);
  },
  async "what speaks to commands is no setting"() {
    const env = { MILLRACE_TARGET: grpc, MILLRACE_TLS_CA: "x", MILLRACE_TLS_CERT: "x", MILLRACE_TLS_KEY: "x" };
    const checked = await millrace(["up", "--check-config"], env);
    assert.equal(checked.code, 0, checked.stderr);
    const url = `sqlite://${join(data, "admin.db")}`;
    const verified = await millrace(["audit", "verify", "--database", url], { MILLRACE_TARGET: grpc });
    assert.equal(verified.code, 0, verified.stderr);
    const both = await millrace(["audit", "verify", "--database", url, "--grpc", grpc]);
    assert.match(both.stderr, /excludes/);
  },
  async "who is interrupted has not succeeded"() {
    for (const args of [["call", "CreateUser", "{}"], ["health"], ["replay", "--all"], ["trace", "0".repeat(32)],
      ["audit", "verify"], ["tail", "--no-follow"], ["dead-letters"]]) {
      assert.deepEqual(await interrupted(args), { code: 130, stdout: "", stderr: "" }, args.join(" "));
    }
  },
  async "an interrupted login leaves the session alone"() {
    const session = join(dir, "state", "millrace", "session");
    mkdirSync(join(dir, "state", "millrace"), { recursive: true });
    writeFileSync(session, "127.0.0.1:1\n{}\n", { mode: 0o600 });
    writeFileSync(join(dir, "password"), "correct horse\n");
    const login = await interrupted(["login", "ada@example.org", "--password-file", join(dir, "password")], { XDG_STATE_HOME: join(dir, "state") });
    assert.deepEqual(login, { code: 130, stdout: "", stderr: "" });
    assert.equal(readFileSync(session, "utf8"), "127.0.0.1:1\n{}\n");
  },
  async "what has no end of its own is ended by an interrupt"() {
    const tail = new Program("tail", binary, ["tail", "--grpc", grpc, "--from-beginning"]);
    await tail.line(/ada@example\.org/);
    assert.equal((await tail.kill("SIGINT")).code, 0);
    const call = new Program("call", binary, ["call", "--grpc", grpc, "millrace.v1.BusService/Tail", '{"follow":true,"fromBeginning":true}']);
    await call.line(/ada@example\.org/);
    assert.equal((await call.kill("SIGINT")).code, 0);
  },
  async "output that is lost is an error"() {
    for (const args of [["call", "--grpc", grpc, "ListUsers"], ["call", "--list"], ["contracts", "list"], ["--help"],
      ["tail", "--grpc", grpc, "--from-beginning", "--no-follow"], ["up", "--print-config"], ["up", "--check-config"]]) {
      for (const how of ["> /dev/full", ">&-"]) {
        const { code, stderr } = await redirected(args, how);
        assert.equal(code, 1, `${args.join(" ")} ${how}: ${stderr}`);
        assert.match(stderr, /cannot write the output: /, args.join(" "));
      }
    }
  },
  async "a closed stream is no file of the program"() {
    for (const how of ["<&-", "2>&-", "<&- 2>&-"]) {
      const { code, stdout } = await redirected(["call", "--grpc", grpc, "ListUsers"], how);
      assert.equal(code, 0, how);
      assert.match(stdout, /ada@example\.org/);
    }
    assert.equal((await redirected(["health", "--grpc", grpc], "<&- >&- 2>&-")).code, 0);
  },
  async "what the data directory holds is its owner's alone"() {
    assert.equal(statSync(data).mode & 0o777, 0o700);
    for (const file of ["users.db", "admin.db", "bus.db", "users.db-wal"]) {
      assert.equal(statSync(join(data, file)).mode & 0o777, 0o600, file);
    }
    for (const [name, args] of [["migrated", ["migrate"]], ["bootstrapped", ["admin", "bootstrap", "root@example.org"]]]) {
      const made = await millrace([...args, "--data", join(dir, name)]);
      assert.equal(made.code, 0, made.stderr);
      assert.equal(statSync(join(dir, name)).mode & 0o777, 0o700, name);
      assert.equal(statSync(join(dir, name, "users.db")).mode & 0o777, 0o600, name);
    }
    const shared = join(dir, "shared");
    mkdirSync(shared);
    chmodSync(shared, 0o2770);
    assert.equal((await millrace(["migrate", "--data", shared])).code, 0);
    assert.equal(statSync(shared).mode & 0o7777, 0o2770);
  },
  async "an audit reads what is there"() {
    const absent = join(dir, "absent.db");
    const { code, stderr } = await millrace(["audit", "verify", "--database", `sqlite://${absent}`]);
    assert.equal(code, 2);
    assert.match(stderr, /there is no database at '.*absent\.db'/);
    assert.equal(existsSync(absent), false);
  },
  async "a folder is no file"() {
    const trace = await millrace(["loop-trace", dir]);
    assert.equal(trace.code, 2);
    assert.match(trace.stderr, /cannot read .*: it is a folder/);
    const config = await millrace(["up", "--config", dir, "--check-config"]);
    assert.equal(config.code, 1);
    assert.match(config.stderr, /Is a directory/);
    const partials = join(dir, "partials");
    mkdirSync(join(partials, "mail"), { recursive: true });
    writeFileSync(join(partials, "mail", "head.mustache"), "Dear {{name}}");
    symlinkSync("around", join(partials, "around"));
    writeFileSync(join(dir, "t.mustache"), "{{>mail/head}}!");
    writeFileSync(join(dir, "t.json"), '{"name": "Ada"}');
    const render = (folder, template = "t.mustache") =>
      millrace(["render", join(dir, template), "--data", join(dir, "t.json"), "--partials", folder]);
    assert.equal((await render(partials)).stdout, "Dear Ada!");
    assert.equal((await render(`${partials}/`)).stdout, "Dear Ada!");
    assert.match((await render(join(dir, "t.json"))).stderr, /t\.json is no folder/);
    assert.equal((await render(join(partials, "around"))).code, 2);
    assert.equal((await render(join(dir, "nowhere"))).code, 2);
    assert.equal((await render(partials, "partials")).code, 2);
  },
});

await other.program.kill("SIGTERM");
const { code } = await program.kill("SIGTERM");
assert.equal(code, 0, "exit code after SIGTERM");
