"""The generated Python client as a face of the main job: reads a call from each
line of its input, makes it, and writes a line with what came. Ends with its
input.

  {"id": 1, "address": "127.0.0.1:9090", "service": "users", "method": "GetUser",
   "request": {"id": "..."}, "timeout": 10, "ca": FILE, "token": "..."}
  {"id": 1, "reply": {...}}    or    {"id": 1, "code": "NOT_FOUND", "text": "..."}
"""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import json_format

from millrace_client.admin.v1 import admin_pb2, admin_pb2_grpc
from millrace_client.admin.v1 import events_pb2 as admin_events_pb2
from millrace_client.templates.v1 import events_pb2 as templates_events_pb2
from millrace_client.templates.v1 import templates_pb2, templates_pb2_grpc
from millrace_client.users.v1 import events_pb2 as users_events_pb2
from millrace_client.users.v1 import sessions_pb2, sessions_pb2_grpc, users_pb2, users_pb2_grpc

# The audit trail has the payloads of events, which JSON needs to know.
PAYLOADS = (admin_events_pb2, templates_events_pb2, users_events_pb2)

SERVICES = {
    "users": (users_pb2, users_pb2_grpc.UsersServiceStub, "UsersService"),
    "sessions": (sessions_pb2, sessions_pb2_grpc.SessionsServiceStub, "SessionsService"),
    "admin": (admin_pb2, admin_pb2_grpc.AdminServiceStub, "AdminService"),
    "templates": (templates_pb2, templates_pb2_grpc.TemplatesServiceStub, "TemplatesService"),
}
CHANNELS: dict[tuple[str, str], grpc.Channel] = {}
LOCK = threading.Lock()


def channel(address: str, ca: str) -> grpc.Channel:
    with LOCK:
        if (address, ca) not in CHANNELS:
            # A container that is away is back within a second.
            options = [("grpc.max_reconnect_backoff_ms", 500)]
            if ca:
                with open(ca, "rb") as file:
                    trust = grpc.ssl_channel_credentials(root_certificates=file.read())
                CHANNELS[address, ca] = grpc.secure_channel(address, trust, options)
            else:
                CHANNELS[address, ca] = grpc.insecure_channel(address, options)
        return CHANNELS[address, ca]


def call(job: dict[str, Any]) -> dict[str, Any]:
    module, stub, name = SERVICES[job["service"]]
    method = module.DESCRIPTOR.services_by_name[name].methods_by_name[job["method"]]
    request = json_format.ParseDict(job["request"], method.input_type._concrete_class())
    token = job.get("token")
    try:
        reply = getattr(stub(channel(job["address"], job.get("ca", ""))), job["method"])(
            request,
            timeout=job["timeout"],
            metadata=[("authorization", f"Bearer {token}")] if token else None,
        )
    except grpc.RpcError as error:
        return {"code": error.code().name, "text": error.details()}
    return {"reply": json_format.MessageToDict(reply, preserving_proto_field_name=True)}


def answer(line: str) -> None:
    job = json.loads(line)
    try:
        result = call(job)
    except Exception as error:  # the test says what it was
        result = {"code": "BROKEN", "text": repr(error)}
    with LOCK:
        print(json.dumps({"id": job["id"], **result}), flush=True)


def main() -> None:
    with ThreadPoolExecutor(16) as pool:
        for line in sys.stdin:
            pool.submit(answer, line)


if __name__ == "__main__":
    main()
