// A real OpenTelemetry collector takes what a process exports: the spans of a
// request, of its event, of who handled it and of what they emitted; what is
// not sampled stays away; metrics; and that a collector that comes late gets
// what waited.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { cases, eventually } from "../e2e/lib/expect.mjs";
import { scratch, startAllInOne } from "../e2e/lib/platform.mjs";
import { Program } from "../e2e/lib/process.mjs";

const dir = scratch("collector");
const written = join(dir, "telemetry.json");

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
const port = await freePort();

writeFileSync(join(dir, "collector.yaml"), `
receivers:
  otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } }
exporters:
  file: { path: ${written}, flush_interval: 50ms }
  debug: { verbosity: detailed }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    traces: { receivers: [otlp], exporters: [file, debug] }
    metrics: { receivers: [otlp], exporters: [file] }
`);

// The process begins first: the collector is away.
const { program, http } = await startAllInOne(dir, [
  "--otlp-endpoint", `http://127.0.0.1:${port}`, "--set", "otlp.metrics_interval=1s", "--set", "traces.sample=0"]);

const traceId = randomBytes(16).toString("hex"), unsampled = randomBytes(16).toString("hex");
const CALLER = "00f067aa0ba902b7";
async function create(email, traceparent) {
  const response = await fetch(`http://${http}/users.v1.UsersService/CreateUser`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(traceparent && { traceparent }) },
    body: JSON.stringify({ email, displayName: "Ada" }),
  });
  assert.equal(response.status, 200, await response.text());
}
await create("unsampled@example.org", `00-${unsampled}-${CALLER}-00`);
await create("new@example.org");
await create("ada@example.org", `00-${traceId}-${CALLER}-01`);
await eventually("the process says that the collector is away", () =>
  program.errors.some((line) => line.includes("the collector cannot be reached; will try again")));

const collector = new Program("collector", process.env.COLLECTOR, ["--config", join(dir, "collector.yaml")],
  { log: join(dir, "collector.log") });

// What the collector wrote down: a line for each request that it took. The last
// may be half of one.
const lines = () => !existsSync(written) ? [] : readFileSync(written, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line));
const attributes = (list = []) => Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));
const spans = () => lines().flatMap(({ resourceSpans = [] }) => resourceSpans).flatMap(({ resource, scopeSpans }) =>
  scopeSpans.flatMap(({ spans }) => spans.map((span) => ({
    ...span, attributes: attributes(span.attributes), resource: attributes(resource.attributes) }))));
const metrics = () => lines().flatMap(({ resourceMetrics = [] }) => resourceMetrics)
  .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));

const SERVER = 2, PRODUCER = 4, CONSUMER = 5;
await cases({
  async "the collector gets what waited for it, as one tree"() {
    const all = await eventually("the whole trace", () => {
      const found = spans().filter((span) => span.traceId === traceId);
      // The request, its event, three who handle it, what the welcome emits
      // and who handles that.
      return found.length >= 7 && found;
    });
    const byId = new Map(all.map((span) => [span.spanId, span]));
    assert.equal(byId.size, all.length);
    const [request] = all.filter(({ kind }) => kind === SERVER);
    assert.equal(request.name, "users.v1.UsersService/CreateUser");
    assert.equal(request.parentSpanId, CALLER);
    assert.equal(request.attributes["rpc.system"], "connect_rpc");
    assert.equal(request.attributes["rpc.method"], "CreateUser");
    const created = all.find(({ name }) => name === "send users.v1.UserEvents.Created");
    assert.equal(created.kind, PRODUCER);
    assert.equal(created.parentSpanId, request.spanId);
    assert.equal(created.attributes["messaging.destination.name"], "users.v1.events");
    const handled = all.filter(({ name }) => name === "process users.v1.UserEvents.Created");
    assert.deepEqual(handled.map((span) => span.attributes["messaging.consumer.group.name"]).sort(),
      ["admin.access", "admin.audit", "templates.welcome"]);
    for (const span of handled) {
      assert.equal(span.kind, CONSUMER);
      assert.equal(span.parentSpanId, created.spanId);
      assert.equal(span.links[0].spanId, created.spanId);
      assert.equal(span.attributes["messaging.message.id"], created.attributes["messaging.message.id"]);
      assert.equal(span.attributes["millrace.outcome"], "done");
    }
    const rendered = all.find(({ name }) => name === "send templates.v1.TemplateEvents.MessageRendered");
    assert.equal(byId.get(rendered.parentSpanId).attributes["messaging.consumer.group.name"], "templates.welcome");
    for (const span of all) {
      assert.ok(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano));
      assert.equal(span.resource["service.name"], "millrace");
      assert.match(span.resource["service.instance.id"], /^[0-9a-f-]{36}$/);
    }
  },
  async "the access log has the same ids"() {
    const call = program.errors.map((line) => JSON.parse(line)).find((line) => line.msg === "call" && line.trace_id === traceId);
    const request = spans().find((span) => span.traceId === traceId && span.kind === SERVER);
    assert.equal(call.span_id, request.spanId);
  },
  async "metrics come at their interval, with the trace as an example"() {
    const seconds = () => metrics().filter(({ name }) => name === "millrace_call_seconds");
    // What was collected before the calls may come first.
    const point = await eventually("the latencies of three calls", () => seconds().flatMap(({ histogram }) => histogram.dataPoints)
      .find((p) => attributes(p.attributes).method === "users.v1.UsersService/CreateUser" && Number(p.count) === 3));
    assert.deepEqual(point.exemplars.map((example) => example.traceId), [traceId]);
    assert.equal(seconds()[0].histogram.aggregationTemporality, 2);
    assert.ok(metrics().some(({ name }) => name === "process_resident_memory_bytes"));
  },
  async "a process that ends sends what it has, and nothing that is not sampled"() {
    const last = randomBytes(16).toString("hex");
    await create("last@example.org", `00-${last}-${CALLER}-01`);
    program.child.kill("SIGTERM");
    assert.equal((await program.exited).code, 0);
    await eventually("the last request", () => spans().find((span) => span.traceId === last && span.kind === SERVER));
    assert.deepEqual([...new Set(spans().map((span) => span.traceId))].sort(), [traceId, last].sort());
  },
});
collector.child.kill("SIGTERM");
await collector.exited;
