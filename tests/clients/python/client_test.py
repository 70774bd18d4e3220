"""The Python client against the running platform, which MILLRACE_ADDRESS
names."""

import os
import threading
import time
import unittest
from collections.abc import Callable
from typing import cast

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from millrace_client.admin.v1 import admin_pb2_grpc, audit_pb2
from millrace_client.millrace.v1 import bus_pb2, bus_pb2_grpc
from millrace_client.users.v1 import events_pb2, user_pb2, users_pb2, users_pb2_grpc

# Nobody has this id, so nothing happens to them.
NOBODY = "00000000-0000-7000-8000-000000000000"
# Long enough never to pass in a test that passes.
IN_TIME = 30.0


class ClientTest(unittest.TestCase):
    def setUp(self) -> None:
        channel = grpc.insecure_channel(os.environ["MILLRACE_ADDRESS"])
        self.addCleanup(channel.close)
        self.users = users_pb2_grpc.UsersServiceStub(channel)
        self.admin = admin_pb2_grpc.AdminServiceStub(channel)
        self.bus = bus_pb2_grpc.BusServiceStub(channel)

    def create(self, name: str) -> user_pb2.User:
        return self.users.CreateUser(
            users_pb2.CreateUserRequest(
                email=f"{name}@python.example.org", display_name=name, locale="de-AT"
            ),
            timeout=IN_TIME,
        )

    def fails(self, code: grpc.StatusCode, call: Callable[[], object]) -> grpc.Call:
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        error = cast(grpc.Call, caught.exception)
        self.assertEqual(error.code(), code, error.details())
        return error

    def test_create_and_read(self) -> None:
        created = self.create("ada")
        read = self.users.GetUser(users_pb2.GetUserRequest(id=created.id), timeout=IN_TIME)
        self.assertEqual(read.email, "ada@python.example.org")
        self.assertEqual(read.locale, "de-AT")
        age = time.time() - read.create_time.seconds
        self.assertTrue(-60 < age < 3600, f"created {age} s ago")

    def test_list_in_pages(self) -> None:
        missing = {self.create(f"page{i}").id for i in range(5)}
        request = users_pb2.ListUsersRequest(page_size=2)
        pages = 0
        while True:
            page = self.users.ListUsers(request, timeout=IN_TIME)
            pages += 1
            self.assertLessEqual(len(page.users), 2)
            missing -= {user.id for user in page.users}
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        self.assertFalse(missing)
        self.assertGreaterEqual(pages, 3)

    def test_field_violations(self) -> None:
        request = users_pb2.CreateUserRequest(email="grace")
        error = self.fails(
            grpc.StatusCode.INVALID_ARGUMENT,
            lambda: self.users.CreateUser(request, timeout=IN_TIME),
        )
        status = rpc_status.from_call(error)
        assert status is not None
        violations: dict[str, str] = {}
        for detail in status.details:
            bad = error_details_pb2.BadRequest()
            self.assertTrue(detail.Unpack(bad), detail.type_url)
            violations |= {v.field: v.description for v in bad.field_violations}
        self.assertEqual(sorted(violations), ["display_name", "email"])
        self.assertTrue(all(violations.values()))

    def test_already_exists_and_not_found(self) -> None:
        self.create("twice")
        self.fails(grpc.StatusCode.ALREADY_EXISTS, lambda: self.create("twice"))
        request = users_pb2.GetUserRequest(id=NOBODY)
        self.fails(
            grpc.StatusCode.NOT_FOUND,
            lambda: self.users.GetUser(request, timeout=IN_TIME),
        )

    def test_server_stream(self) -> None:
        user = self.create("streamed")
        stream = self.bus.Tail(
            bus_pb2.TailRequest(key=user.id, from_beginning=True, follow=True),
            timeout=IN_TIME,
        )
        event = next(iter(stream)).event
        stream.cancel()
        self.assertEqual(event.type, "users.v1.UserEvents.Created")
        payload = events_pb2.UserCreated()
        self.assertTrue(event.proto_data.Unpack(payload))
        self.assertEqual(payload.user_id, user.id)
        self.assertEqual(payload.email, user.email)

    def test_deadline(self) -> None:
        stream = self.bus.Tail(bus_pb2.TailRequest(key=NOBODY, follow=True), timeout=0.3)
        self.fails(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: list(stream))

    def test_cancel(self) -> None:
        stream = self.admin.WatchEvents(
            audit_pb2.WatchEventsRequest(subject=NOBODY), timeout=IN_TIME
        )
        threading.Timer(0.2, stream.cancel).start()
        self.fails(grpc.StatusCode.CANCELLED, lambda: list(stream))
        # The channel is not the worse for it.
        self.create("after-cancel")


if __name__ == "__main__":
    unittest.main()
