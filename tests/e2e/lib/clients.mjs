// The public faces: gRPC by reflection-free proto files, HTTP by fetch.
import { join } from "node:path";

import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

import { bin, root } from "./platform.mjs";

const definition = loader.loadSync(
  ["users/v1/users.proto", "admin/v1/admin.proto", "templates/v1/templates.proto", "users/v1/events.proto", "templates/v1/events.proto"],
  // Derived messages are where the build puts them.
  { includeDirs: [join(root, "proto"), join(bin, "../gen/proto")], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true },
);
const api = grpc.loadPackageDefinition(definition);

export const status = grpc.status;

const services = {
  users: [api.users.v1.UsersService, "users.v1.UsersService"],
  admin: [api.admin.v1.AdminService, "admin.v1.AdminService"],
  templates: [api.templates.v1.TemplatesService, "templates.v1.TemplatesService"],
  bus: [api.millrace.v1.BusService, "millrace.v1.BusService"],
};

// An error of either face: `code` is gRPC's name, for example ALREADY_EXISTS;
// `away` says that the service could not be reached at all, `retry` that the
// answer says when to come back.
export class CallError extends Error {
  constructor(code, message, { away = false, http, retry = false } = {}) {
    super(`${code}: ${message}`);
    Object.assign(this, { code, text: message, away, http, retry });
  }
}

// Whether the details of an error have a google.rpc.RetryInfo.
const hasRetryInfo = (error) =>
  error.metadata.get("grpc-status-details-bin").some((bytes) => bytes.includes("type.googleapis.com/google.rpc.RetryInfo"));

export class GrpcFace {
  constructor(address) {
    this.clients = {};
    for (const [name, [Client]] of Object.entries(services)) {
      this.clients[name] = new Client(address, grpc.credentials.createInsecure(), {
        "grpc.initial_reconnect_backoff_ms": 50,
        "grpc.max_reconnect_backoff_ms": 200,
      });
    }
  }

  call(service, method, request = {}, timeoutMs = 15_000) {
    return new Promise((resolve, reject) => {
      this.clients[service][method](request, { deadline: Date.now() + timeoutMs }, (error, reply) => {
        if (!error) return resolve(reply);
        const code = grpc.status[error.code];
        const away = code === "UNAVAILABLE" || code === "DEADLINE_EXCEEDED";
        reject(new CallError(code, error.details, { away, retry: hasRetryInfo(error) }));
      });
    });
  }

  stream(service, method, request = {}) {
    return this.clients[service][method](request);
  }

  close() {
    for (const client of Object.values(this.clients)) client.close();
  }
}

export class HttpFace {
  constructor(address) {
    this.address = address;
  }

  async call(service, method, request = {}, timeoutMs = 15_000) {
    let response, text;
    try {
      response = await fetch(`http://${this.address}/${services[service][1]}/${method}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(camel(request)),
        signal: AbortSignal.timeout(timeoutMs),
      });
      text = await response.text();
    } catch (error) {
      throw new CallError("UNAVAILABLE", String(error.cause ?? error), { away: true });
    }
    const body = text ? JSON.parse(text) : {};
    if (response.ok) return body;
    const code = body.code.toUpperCase();
    const retry = response.headers.has("retry-after");
    throw new CallError(code, body.message, { away: code === "UNAVAILABLE", http: response.status, retry });
  }

  close() {}
}

function camel(value) {
  if (Array.isArray(value)) return value.map(camel);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([k, v]) => [k.replace(/_([a-z])/g, (_, c) => c.toUpperCase()), camel(v)]),
  );
}
