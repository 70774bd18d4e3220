// The gate on changes: nothing to find between the contracts and themselves,
// and what breaks something is found: by buf in messages, by our own check in
// options.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { cases } from "../e2e/lib/expect.mjs";
import { bin, golden, millrace, root, scratch } from "./lib.mjs";

const set = join(bin, "../gen/contracts.binpb");
let count = 0;

// The descriptor set of the contracts with some texts replaced.
function changed(changes) {
  const dir = join(scratch, String(count++));
  mkdirSync(dir);
  cpSync(join(root, "proto"), dir, { recursive: true });
  for (const [file, from, to] of changes) {
    const text = readFileSync(join(dir, file), "utf8");
    assert.ok(text.includes(from), `${file} has no ${from}`);
    writeFileSync(join(dir, file), text.replace(from, to));
  }
  const out = join(scratch, `${count}.binpb`);
  const protos = readdirSync(dir, { recursive: true }).filter((file) => file.endsWith(".proto"));
  // What the build has derived is taken as it is; tests derive there, too.
  const derived = join(bin, "../gen/proto");
  if (existsSync(derived)) {
    const source = (file) => file.replace(".derived.proto", ".proto");
    protos.push(...readdirSync(derived, { recursive: true }).filter((file) => file.endsWith(".proto") && protos.includes(source(file))));
  }
  const { status, stderr } = spawnSync(
    "protoc",
    [`--proto_path=${dir}`, ...(existsSync(derived) ? [`--proto_path=${derived}`] : []), "--include_imports", "--include_source_info", `--descriptor_set_out=${out}`, ...protos],
    { encoding: "utf8" },
  );
  assert.equal(status, 0, stderr);
  return out;
}

// The gate with the changed contracts, against those that were built.
function gate(changes, baseline = set) {
  const { status, stdout, stderr } = spawnSync(join(root, "tools/checks/contracts"), ["--baseline", baseline], {
    encoding: "utf8",
    env: { ...process.env, MILLRACE_BIN: bin, MILLRACE_CONTRACT_SET: changes ? changed(changes) : set },
  });
  return { status, text: stdout + stderr };
}

const finds = (changes, expected) => () => {
  const { status, text } = gate(changes);
  assert.notEqual(status, 0, text);
  assert.match(text, expected);
};

await cases({
  "the contracts do not break themselves": () => {
    const { status, text } = gate();
    assert.equal(status, 0, text);
  },
  "buf lint: a field that is not in lower_snake_case": finds([["users/v1/users.proto", "string page_token = 2 ", "string pageToken = 2 "]], /Field name "pageToken"/),
  "buf lint: an RPC that nobody describes": finds(
    [["users/v1/users.proto", "  // ALREADY_EXISTS when another person has the e-mail address.\n", ""]],
    /should have a non-empty comment/,
  ),
  "buf breaking: a field with another number": finds([["users/v1/users.proto", "string next_page_token = 2;", "string next_page_token = 12;"]], /field "2"/),
  "buf breaking: a method that is gone": finds(
    [["users/v1/users.proto", "rpc DeleteUser(DeleteUserRequest)", "rpc RemoveUser(DeleteUserRequest)"]],
    /RPC "DeleteUser"/,
  ),
  "our check: another key": finds([["users/v1/events.proto", 'key: "user_id"', 'key: "email"']], /KEY_CHANGED: users\.v1\.UserEvents\.Created/),
  "our check: another topic": finds([["users/v1/events.proto", "users.v1.events", "users.v2.events"]], /TOPIC_CHANGED: users\.v1\.UserEvents/),
  "our check: a narrower rule": finds([["users/v1/users.proto", "max_len: 100", "max_len: 99"]], /RULE_NARROWED: users\.v1\.CreateUserRequest\.display_name/),
  "a wider rule is nothing to find": () => {
    const { status, text } = gate([["users/v1/users.proto", "max_len: 100", "max_len: 101"]]);
    assert.equal(status, 0, text);
  },
  "the command line: codes, JSON, and what is allowed": () => {
    const other = changed([["users/v1/events.proto", 'key: "user_id"', 'key: "email"']]);
    const found = millrace("check", "--descriptors", other, "--against", set, "--json");
    assert.equal(found.status, 1);
    const [{ name, subject, file, line, allowed }] = JSON.parse(found.stdout).findings;
    assert.deepEqual({ name, subject, file, allowed }, { name: "KEY_CHANGED", subject: "users.v1.UserEvents.Created", file: "users/v1/events.proto", allowed: false });
    assert.match(readFileSync(join(root, "proto", file), "utf8").split("\n")[line - 1], /key:/);
    const allow = `${name}=${subject}`;
    assert.equal(millrace("check", "--descriptors", other, "--against", set, "--allow", allow).status, 0);
    writeFileSync(join(scratch, "allowed.txt"), `# a comment\n\n${allow}  # nobody listens yet\n`);
    assert.equal(millrace("check", "--descriptors", other, "--against", set, "--allow-file", join(scratch, "allowed.txt")).status, 0);
    const unused = millrace("check", "--against", set, "--allow", allow);
    assert.equal(unused.status, 0);
    assert.match(unused.stderr, /allows nothing any more/);
    assert.equal(millrace("check", "--against", join(scratch, "nothing")).status, 2);
    assert.match(millrace("check", "--against", set, "--allow", "KEY_CHANGE=x").stderr, /did you mean 'KEY_CHANGED'/);
    assert.equal(millrace("check", "--descriptors", golden, "--against", golden).status, 0);
  },
});
