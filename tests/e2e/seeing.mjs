// What came of what: a request is followed through its event to the listeners
// and to what these emit, by the command line, also when the process that knew
// it has ended; events are tailed by trace, and a dead letter is looked at.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { GrpcFace } from "./lib/clients.mjs";
import { cases, eventually } from "./lib/expect.mjs";
import { bin, run, scratch, startAllInOne } from "./lib/platform.mjs";
import { Program } from "./lib/process.mjs";

const dir = scratch("seeing");
let { program, http, grpc } = await startAllInOne(dir);
let face = new GrpcFace(grpc);
const millrace = (...args) => run("millrace", join(bin, "millrace"), args);
const trace = (id, ...more) => millrace("trace", id, "--at", grpc, ...more);

const traceId = randomBytes(16).toString("hex");
const created = await fetch(`http://${http}/users.v1.UsersService/CreateUser`, {
  method: "POST",
  headers: { "content-type": "application/json", traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
  body: JSON.stringify({ email: "ada@example.org", displayName: "Ada" }),
});
const { id: userId } = await created.json();

// The lines without their times and ids: these differ from run to run.
const shape = (text) => text.trim().split("\n").slice(1).map((line) =>
  line.slice(14).replace(/ {2}\d+\.\d ms/, "").replace(/ {2}id \S+/, "").replaceAll(userId, "USER"));

let eventId;
await cases({
  async "a trace is a tree of the request, its event, who handled it, and what they emitted"() {
    const lines = await eventually("the whole tree", async () => {
      const { code, stdout } = await trace(traceId);
      return code === 0 && shape(stdout).length >= 7 && shape(stdout);
    });
    assert.equal(lines[0], "request users.v1.UsersService/CreateUser  done  over http");
    assert.equal(lines[1], "`- event users.v1.UserEvents.Created  key USER  from /users");
    const handled = lines.filter((line) => /^ {3}[|`]- handled by /.test(line)).map((line) => line.slice(6)).sort();
    assert.deepEqual(handled, ["admin.access", "admin.audit", "templates.welcome"].map((group) => `handled by ${group}  done`));
    const welcome = lines.findIndex((line) => line.includes("handled by templates.welcome"));
    assert.match(lines[welcome + 1], /^ {3}[| ] {2}`- event templates\.v1\.TemplateEvents\.MessageRendered {2}key \S+ {2}from \/templates$/);
    assert.match(lines[welcome + 2], /^ {3}[| ] {5}`- handled by admin\.audit {2}done$/);
  },
  async "an event leads to its trace"() {
    const json = JSON.parse((await trace(traceId, "--json")).stdout);
    assert.equal(json.traceId, traceId);
    eventId = json.roots[0].children[0].eventId;
    const found = await trace(eventId);
    assert.equal(found.code, 0, found.stderr);
    assert.match(found.stdout, new RegExp(`^trace ${traceId} `));
  },
  async "what is unknown is said"() {
    const none = await trace("0123456789abcdef0123456789abcdef");
    assert.equal(none.code, 1);
    assert.match(none.stdout, /: nothing is known of it$/);
    const nobody = await trace("nobody");
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /^millrace trace: \S+: 'nobody' is not the 32 hexadecimal digits of a trace id, and no event is known here/);
  },
  async "events are tailed by trace, source and time, a line each"() {
    const tail = (...more) => millrace("tail", "--grpc", grpc, "--from-beginning", "--no-follow", ...more);
    const text = await tail("--trace", traceId, "--source", "/users", "--format", "text");
    assert.equal(text.code, 0, text.stderr);
    assert.match(text.stdout, new RegExp(`^\\S+Z  users\\.v1\\.UserEvents\\.Created  key=${userId}  source=/users  trace=${traceId}  id=${eventId}  \\{.*"email":"ada@example.org".*\\}$`));
    assert.equal((await tail("--trace", "0123456789abcdef0123456789abcdef")).stdout, "");
    assert.equal((await tail("--until", "2020-01-01T00:00:00Z")).stdout, "");
    const all = (await tail()).stdout.split("\n").length;
    assert.equal((await tail("--since", "1h")).stdout.split("\n").length, all);
    const wrong = await tail("--since", "yesterday");
    assert.match(wrong.stderr, /'yesterday' is no time: write RFC 3339/);
    const name = await tail("--contract", "users.v1.UserEvent");
    assert.equal(name.code, 1);
    assert.match(name.stderr, /knows no contract 'users\.v1\.UserEvent'; did you mean 'users\.v1\.UserEvents'\?/);
  },
  async "an interrupt ends a tail well"() {
    const tail = new Program("tail", join(bin, "millrace"), ["tail", "--grpc", grpc, "--from-beginning", "--format", "text"]);
    await tail.line(/users\.v1\.UserEvents\.Created/);
    assert.deepEqual(await tail.kill("SIGINT"), { code: 0, signal: null });
    assert.deepEqual(tail.errors, []);
  },
  async "a dead letter is shown with all that is known of it"() {
    // No database takes a NUL, so that the trail cannot record this event.
    await face.call("bus", "Emit", { type: "templates.v1.TemplateEvents.Published", key: "a\0b", json: "{}" });
    const list = () => millrace("dead-letters", "list", "--grpc", grpc, "--format", "text");
    const [id] = await eventually("a dead letter", async () => (await list()).stdout.match(/^admin\.audit\/\S+/));
    assert.equal((await millrace("dead-letters", "--grpc", grpc)).stdout.split("\n").length, 1);
    const { code, stdout } = await millrace("dead-letters", "show", id, "--grpc", grpc);
    assert.equal(code, 0);
    for (const part of [/^letter +admin\.audit\//m, /^record +templates\.v1\.events partition \d+ offset \d+$/m, /^given up +\S+Z after \d attempts?$/m, /^reason +[A-Z_]+: ./m, /^attempt \d +\S+Z {2}[A-Z_]+: ./m, /^event +templates\.v1\.TemplateEvents\.Published$/m, /^payload +\{\}$/m]) {
      assert.match(stdout, part);
    }
    const none = await millrace("dead-letters", "show", "a/b/0/1", "--grpc", grpc);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /there is no dead letter 'a\/b\/0\/1'/);
    const traceOfLetter = stdout.match(/^trace +([0-9a-f]{32})$/m)[1];
    assert.match((await trace(traceOfLetter)).stdout, /handled by admin\.audit {2}dead letter/);
    const dry = await millrace("replay", "--id", id, "--dry-run", "--grpc", grpc);
    assert.match(dry.stderr, /^would replay 1$/m);
    // What fails again is a letter again, beside the one that was replayed.
    const letters = async () => (await list()).stdout.split("\n").length;
    const replay = async (...which) => {
      const before = await letters();
      const { code: ended, stderr } = await millrace("replay", ...which, "--grpc", grpc);
      assert.equal(ended, 0, stderr);
      const count = Number(stderr.match(/^replayed (\d+)$/m)[1]);
      await eventually(`${count} more of ${before} letters`, async () => (await letters()) === before + count);
      return count;
    };
    assert.equal(await replay("--id", id), 1);
    assert.equal(await replay("--key", "nobody's"), 0);
    const value = Buffer.from("\n\x03a\0b");  // user_id
    await face.call("bus", "Emit", { type: "users.v1.UserEvents.Created", key: "somebody's", message: { type_url: "type.googleapis.com/users.v1.UserCreated", value } });
    const theirs = await eventually("a letter of the key", async () => (await list()).stdout.match(/key=somebody's/g));
    assert.equal(await replay("--key", "somebody's"), theirs.length);
    assert.ok(await replay("--all") >= 1);
    const both = await millrace("replay", "--grpc", grpc);
    assert.notEqual(both.code, 0, "a replay of nothing in particular");
  },
  async "the embedded bus needs no topics to be applied"() {
    const { code, stdout } = await millrace("contracts", "apply", "--dry-run");
    assert.equal(code, 0);
    assert.equal(stdout, "the embedded bus makes its topics itself: nothing to do");
  },
  async "the topics know the trace when the process has forgotten it"() {
    face.close();
    assert.equal((await program.kill("SIGTERM")).code, 0);
    ({ program, grpc } = await startAllInOne(dir));
    const lines = shape((await trace(eventId)).stdout);
    assert.equal(lines[0], "event users.v1.UserEvents.Created  key USER  from /users");
    assert.match(lines[1], /^`- event templates\.v1\.TemplateEvents\.MessageRendered /);
    assert.equal(lines.length, 2);
  },
});
assert.equal((await program.kill("SIGTERM")).code, 0, "exit code after SIGTERM");
