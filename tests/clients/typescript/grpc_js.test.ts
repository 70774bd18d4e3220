// @millrace/client-grpc against the running platform.
import assert from "node:assert/strict";
import { test } from "node:test";

import { credentials, Metadata, status, type ClientReadableStream, type ServiceError } from "@grpc/grpc-js";
import { AdminServiceClient } from "@millrace/client-grpc/admin/v1/admin";
import { WatchEventsRequest } from "@millrace/client-grpc/admin/v1/audit";
import { fieldViolations } from "@millrace/client-grpc/errors";
import { BusServiceClient, TailRequest, type TailResponse } from "@millrace/client-grpc/millrace/v1/bus";
import { UserCreated } from "@millrace/client-grpc/users/v1/events";
import type { User } from "@millrace/client-grpc/users/v1/user";
import {
  CreateUserRequest,
  GetUserRequest,
  ListUsersRequest,
  UsersServiceClient,
} from "@millrace/client-grpc/users/v1/users";

const nobody = "00000000-0000-7000-8000-000000000000";
const address = process.env["MILLRACE_ADDRESS"] ?? assert.fail("MILLRACE_ADDRESS is not set");
const users = new UsersServiceClient(address, credentials.createInsecure());
const bus = new BusServiceClient(address, credentials.createInsecure());
const admin = new AdminServiceClient(address, credentials.createInsecure());

const inTime = () => ({ deadline: Date.now() + 30_000 });

// A callback as a promise, as util.promisify cannot know an overload.
function reply<T>(call: (done: (error: ServiceError | null, value: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))));
}

async function fails(what: Promise<unknown>, code: status): Promise<ServiceError> {
  try {
    await what;
  } catch (error) {
    const grpc = error as ServiceError;
    assert.equal(grpc.code, code, `expected ${status[code]}, got ${grpc.message}`);
    return grpc;
  }
  assert.fail(`expected ${status[code]}`);
}

function create(who: string): Promise<User> {
  const request = CreateUserRequest.fromPartial({
    email: `${who}@grpc-js.example.org`,
    displayName: who,
    locale: "de-AT",
  });
  return reply((done) => users.createUser(request, new Metadata(), inTime(), done));
}

function first(stream: ClientReadableStream<TailResponse>): Promise<TailResponse> {
  return new Promise((resolve, reject) => {
    stream.once("data", resolve);
    stream.on("error", reject);
  });
}

test("create and read", async () => {
  const created = await create("ada");
  const read = await reply<User>((done) =>
    users.getUser(GetUserRequest.create({ id: created.id }), new Metadata(), inTime(), done));
  assert.equal(read.email, "ada@grpc-js.example.org");
  assert.equal(read.locale, "de-AT");
  const age = Date.now() / 1000 - Number(read.createTime?.seconds);
  assert.ok(age > -60 && age < 3600, `created ${age} s ago`);
});

test("list in pages", async () => {
  const missing = new Set<string>();
  for (let i = 0; i < 5; i++) missing.add((await create(`page${i}`)).id);
  let pageToken = "";
  let pages = 0;
  do {
    const request = ListUsersRequest.create({ pageSize: 2, pageToken });
    const page = await reply<{ users: User[]; nextPageToken: string }>((done) =>
      users.listUsers(request, new Metadata(), inTime(), done));
    assert.ok(page.users.length <= 2);
    for (const user of page.users) missing.delete(user.id);
    pageToken = page.nextPageToken;
    pages++;
  } while (pageToken);
  assert.equal(missing.size, 0);
  assert.ok(pages >= 3);
});

test("field violations", async () => {
  const request = CreateUserRequest.fromPartial({ email: "grace" });
  const error = await fails(
    reply((done) => users.createUser(request, new Metadata(), inTime(), done)),
    status.INVALID_ARGUMENT,
  );
  const fields = fieldViolations(error);
  assert.deepEqual(fields.map(({ field }) => field).sort(), ["display_name", "email"]);
  for (const { description } of fields) assert.notEqual(description, "");
});

test("already exists, not found", async () => {
  await create("twice");
  await fails(create("twice"), status.ALREADY_EXISTS);
  const request = GetUserRequest.create({ id: nobody });
  const error = await fails(
    reply((done) => users.getUser(request, new Metadata(), inTime(), done)),
    status.NOT_FOUND,
  );
  assert.deepEqual(fieldViolations(error), []);
});

test("server stream", async () => {
  const user = await create("streamed");
  const stream = bus.tail(
    TailRequest.fromPartial({ key: user.id, fromBeginning: true, follow: true }),
    new Metadata(),
    inTime(),
  );
  const { event } = await first(stream);
  stream.cancel();
  assert.equal(event?.type, "users.v1.UserEvents.Created");
  assert.equal(event.data?.$case, "protoData");
  assert.equal(event.data.value.typeUrl, "type.googleapis.com/users.v1.UserCreated");
  const payload = UserCreated.decode(event.data.value.value);
  assert.equal(payload.userId, user.id);
  assert.equal(payload.email, user.email);
});

test("deadline", async () => {
  const stream = bus.tail(
    TailRequest.fromPartial({ key: nobody, follow: true }),
    new Metadata(),
    { deadline: Date.now() + 300 },
  );
  await fails(first(stream), status.DEADLINE_EXCEEDED);
});

test("cancel", async () => {
  const stream = admin.watchEvents(WatchEventsRequest.fromPartial({ subject: nobody }));
  setTimeout(() => stream.cancel(), 200);
  await fails(
    new Promise((resolve, reject) => stream.on("data", resolve).on("error", reject)),
    status.CANCELLED,
  );
  await create("after-cancel");
});

test.after(() => {
  for (const client of [users, bus, admin]) client.close();
});
