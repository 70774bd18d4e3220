// /metrics, in the older text format and in OpenMetrics, as others' programs
// read it: promtool, which also looks at names, and the parser of Prometheus'
// client for Python.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";

import { cases } from "../e2e/lib/expect.mjs";
import { scratch, startAllInOne } from "../e2e/lib/platform.mjs";

const { program, http } = await startAllInOne(scratch("exposition"));
const traceId = randomBytes(16).toString("hex");
const metrics = async (accept) => {
  const response = await fetch(`http://${http}/metrics`, { headers: { accept } });
  assert.equal(response.status, 200);
  return { type: response.headers.get("content-type"), text: await response.text() };
};

// Lists the families, and the examples of one.
const PARSE = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(sys.stdin.read()))
print(json.dumps({
    "types": {f.name: f.type for f in families},
    "examples": [[s.labels["method"], s.exemplar.labels, s.exemplar.value, float(s.labels["le"])]
                 for f in families if f.name == "millrace_call_seconds"
                 for s in f.samples if s.exemplar],
}))`;

await cases({
  async "a few calls, of which one belongs to a trace"() {
    const call = (method, body, headers = {}) => fetch(`http://${http}/users.v1.UsersService/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    const created = await call("CreateUser", { email: "ada@example.org", displayName: "Ada" },
      { traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
    assert.equal(created.status, 200, await created.text());
    assert.equal((await call("GetUser", { id: "nobody" }, { traceparent: `00-${"1".repeat(32)}-00f067aa0ba902b7-00` })).ok, false);
  },
  async "promtool has nothing to say against the older format"() {
    const { type, text } = await metrics("text/plain");
    assert.equal(type, "text/plain; version=0.0.4; charset=utf-8");
    const check = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
    if (check.error?.code === "ENOENT") {
      return console.log("skipped: promtool is not installed (apt-get install prometheus)");
    }
    assert.equal(check.status, 0, check.stdout + check.stderr);
    assert.equal(check.stdout + check.stderr, "");
  },
  async "the parser of OpenMetrics takes the other, and finds the trace of the call"() {
    // As Prometheus asks.
    const { type, text } = await metrics("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2");
    assert.equal(type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    const parsed = spawnSync("/usr/bin/python3", ["-c", PARSE], { input: text, encoding: "utf8" });
    assert.equal(parsed.status, 0, parsed.stderr);
    const { types, examples } = JSON.parse(parsed.stdout);
    assert.equal(types.millrace_calls, "counter");
    assert.equal(types.millrace_call_seconds, "histogram");
    assert.equal(types.process_resident_memory_bytes, "gauge");
    const [, labels, value, bound] = examples.find(([method]) => method === "users.v1.UsersService/CreateUser");
    assert.equal(labels.trace_id, traceId);
    assert.match(labels.span_id, /^[0-9a-f]{16}$/);
    assert.ok(value <= bound);
    // Its caller did not want it sampled.
    assert.equal(examples.find(([method]) => method === "users.v1.UsersService/GetUser"), undefined);
  },
  async "both formats have the same series"() {
    const names = (text) => [...new Set(text.split("\n").filter((line) => line && !line.startsWith("#")).map((line) => line.split(/[{ ]/)[0]))].sort();
    // A series begins when its first value is known (a consumer's lag), which
    // may be between two questions: the older format is asked before and after.
    let before, open, after;
    do {
      before = names((await metrics("text/plain")).text);
      open = (await metrics("application/openmetrics-text")).text;
      after = names((await metrics("text/plain")).text);
    } while (before.length !== after.length);
    assert.deepEqual(names(open), after);
    assert.ok(open.endsWith("\n# EOF\n"));
  },
});
program.child.kill("SIGTERM");
assert.equal((await program.exited).code, 0);
