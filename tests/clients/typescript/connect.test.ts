// @millrace/client against the running platform, by every transport that
// Connect has for it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { anyUnpack, timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { createConnectTransport as createWebTransport } from "@connectrpc/connect-web";
import { AdminService } from "@millrace/client/admin/v1/admin_pb";
import { BadRequestSchema } from "@millrace/client/google/rpc/error_details_pb";
import { BusService } from "@millrace/client/millrace/v1/bus_pb";
import { registry } from "@millrace/client/registry";
import { UserCreatedSchema } from "@millrace/client/users/v1/events_pb";
import { UsersService } from "@millrace/client/users/v1/users_pb";

const nobody = "00000000-0000-7000-8000-000000000000";
const baseUrl = process.env["MILLRACE_URL"] ?? assert.fail("MILLRACE_URL is not set");
const inTime = { timeoutMs: 30_000 };

// Paths of the requests that a transport of Connect makes.
const seen: { method: string; url: string }[] = [];
const recording: typeof fetch = (input, init) => {
  seen.push({ method: init?.method ?? "GET", url: String(input) });
  return fetch(input, init);
};

const transports: Record<string, Transport> = {
  grpc: createGrpcTransport({ baseUrl: `http://${process.env["MILLRACE_ADDRESS"]}` }),
  json: createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false, jsonOptions: { registry } }),
  binary: createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: true }),
  web: createWebTransport({ baseUrl, useHttpGet: true, jsonOptions: { registry }, fetch: recording }),
};

async function fails(what: Promise<unknown>, code: Code): Promise<ConnectError> {
  try {
    await what;
  } catch (error) {
    const connect = ConnectError.from(error);
    assert.equal(connect.code, code, `expected ${Code[code]}, got ${connect.message}`);
    return connect;
  }
  assert.fail(`expected ${Code[code]}`);
}

async function drain(stream: AsyncIterable<unknown>) {
  for await (const message of stream) assert.fail(`an event came: ${JSON.stringify(message)}`);
}

for (const [name, transport] of Object.entries(transports)) {
  const users = createClient(UsersService, transport);
  const bus = createClient(BusService, transport);
  const admin = createClient(AdminService, transport);
  const create = (who: string) =>
    users.createUser({ email: `${who}@${name}.example.org`, displayName: who, locale: "de-AT" }, inTime);

  test(`${name}: create and read`, async () => {
    const created = await create("ada");
    const read = await users.getUser({ id: created.id }, inTime);
    assert.equal(read.email, `ada@${name}.example.org`);
    assert.equal(read.locale, "de-AT");
    assert.ok(read.createTime);
    const age = Date.now() - timestampDate(read.createTime).getTime();
    assert.ok(age > -60_000 && age < 3_600_000, `created ${age} ms ago`);
  });

  test(`${name}: list in pages`, async () => {
    const missing = new Set<string>();
    for (let i = 0; i < 5; i++) missing.add((await create(`page${i}`)).id);
    let pageToken = "";
    let pages = 0;
    do {
      const page = await users.listUsers({ pageSize: 2, pageToken }, inTime);
      assert.ok(page.users.length <= 2);
      for (const user of page.users) missing.delete(user.id);
      pageToken = page.nextPageToken;
      pages++;
    } while (pageToken);
    assert.equal(missing.size, 0);
    assert.ok(pages >= 3);
  });

  test(`${name}: field violations`, async () => {
    const error = await fails(users.createUser({ email: "grace" }, inTime), Code.InvalidArgument);
    const fields = error.findDetails(BadRequestSchema).flatMap((detail) => detail.fieldViolations);
    assert.deepEqual(fields.map(({ field }) => field).sort(), ["display_name", "email"]);
    for (const { description } of fields) assert.notEqual(description, "");
  });

  test(`${name}: already exists, not found`, async () => {
    await create("twice");
    await fails(create("twice"), Code.AlreadyExists);
    await fails(users.getUser({ id: nobody }, inTime), Code.NotFound);
  });

  test(`${name}: server stream`, async () => {
    const user = await create("streamed");
    const leave = new AbortController();
    for await (const { event } of bus.tail(
      { key: user.id, fromBeginning: true, follow: true },
      { ...inTime, signal: leave.signal },
    )) {
      assert.equal(event?.type, "users.v1.UserEvents.Created");
      assert.equal(event.data.case, "protoData");
      const payload = anyUnpack(event.data.value, UserCreatedSchema);
      assert.equal(payload?.userId, user.id);
      assert.equal(payload.email, user.email);
      break;
    }
    leave.abort();
  });

  test(`${name}: deadline`, async () => {
    await fails(drain(bus.tail({ key: nobody, follow: true }, { timeoutMs: 300 })), Code.DeadlineExceeded);
  });

  test(`${name}: cancel`, async () => {
    const leave = new AbortController();
    setTimeout(() => leave.abort(), 200);
    await fails(drain(admin.watchEvents({ subject: nobody }, { signal: leave.signal })), Code.Canceled);
    await create("after-cancel");
  });
}

test("web: reads are GETs, which caches and browsers understand", () => {
  const reads = seen.filter(({ url }) => url.includes("/users.v1.UsersService/GetUser"));
  assert.ok(reads.length > 0);
  for (const { method } of reads) assert.equal(method, "GET");
});
