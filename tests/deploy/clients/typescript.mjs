// The generated TypeScript client as a face of the main job: the same calls by
// gRPC and as JSON over HTTP. Copied beside the package by ../generated.mjs,
// for its imports are looked for from here.
import { fromJson, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { AdminService } from "@millrace/client/admin/v1/admin_pb";
import { registry } from "@millrace/client/registry";
import { TemplatesService } from "@millrace/client/templates/v1/templates_pb";
import { SessionsService } from "@millrace/client/users/v1/sessions_pb";
import { UsersService } from "@millrace/client/users/v1/users_pb";

const services = { users: UsersService, sessions: SessionsService, admin: AdminService, templates: TemplatesService };
const camel = (name) => name[0].toLowerCase() + name.slice(1);

// AlreadyExists -> ALREADY_EXISTS, as the other faces name it.
const codeName = (code) => (code === Code.Canceled ? "CANCELLED" : Code[code].replace(/(?<!^)([A-Z])/g, "_$1").toUpperCase());

// An address is a container's, so transports come and go with them; `ca` is the
// PEM text of whom TLS is trusted to, `token` an access token.
export class TypeScriptClient {
  constructor({ grpc, http, ca, token }) {
    const interceptors = token ? [(next) => (request) => {
      request.header.set("authorization", `Bearer ${token}`);
      return next(request);
    }] : [];
    this.transports = [];
    if (grpc) {
      this.transports.push(createGrpcTransport({
        baseUrl: `${ca ? "https" : "http"}://${grpc}`, interceptors, ...(ca && { nodeOptions: { ca } }),
      }));
    }
    if (http) {
      this.transports.push(createConnectTransport({
        baseUrl: `http://${http}`, httpVersion: "1.1", useBinaryFormat: false, jsonOptions: { registry }, interceptors,
      }));
    }
  }

  // A request and its reply as JSON with the contract's own names. Each call
  // takes the next transport. `raise(code, text, away)` makes the error.
  async call(service, method, request, timeoutMs, raise) {
    const info = services[service].method[camel(method)];
    const transport = this.transports[0];
    this.transports.push(this.transports.shift());
    try {
      const reply = await createClient(services[service], transport)[camel(method)](
        fromJson(info.input, request), { timeoutMs });
      return toJson(info.output, reply, { useProtoFieldName: true, registry });
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      // What Node.js said of the connection is its cause.
      const cut = typeof error.cause?.code === "string";
      throw raise(codeName(error.code), error.rawMessage,
        cut || error.code === Code.Unavailable || error.code === Code.DeadlineExceeded);
    }
  }
}
