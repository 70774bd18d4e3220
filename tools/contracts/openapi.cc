#include "tools/contracts/openapi.h"

#include <set>

#include "base/strings.h"
#include "tools/contracts/json_schema.h"
#include "tools/contracts/openapi_errors.h"

namespace millrace::contracts {
namespace {

namespace pb = google::protobuf;

constexpr char kAbout[] =
    "The services as JSON over HTTP, in the form of the Connect protocol "
    "(https://connectrpc.com/docs/protocol).\n\n"
    "A field that is not set is left out, in answers too. 64-bit numbers are "
    "strings. A field that is not required and has rules may be left out, not "
    "sent empty. Every call may also carry headers of its own, which reach the "
    "handler as metadata.";

constexpr char kEnvelopes[] =
    "Connect's envelopes: for each message one byte of flags, its length as "
    "four bytes (high byte first), and the message. The last one, of flag 2, "
    "has the error if there is one; the status is 200 in any case.";

constexpr char kPositions[] =
    " The id of each is its `position`, and one without data tells that of the "
    "beginning: the header Last-Event-ID goes on behind it.";

// As http/connect_resume.h has it.
bool HasPositions(const pb::MethodDescriptor* method) {
  const pb::FieldDescriptor* after =
      method->input_type()->FindFieldByName("after");
  const pb::FieldDescriptor* position =
      method->output_type()->FindFieldByName("position");
  return after != nullptr && after->has_presence() && position != nullptr &&
         after->type() == pb::FieldDescriptor::TYPE_STRING &&
         position->type() == pb::FieldDescriptor::TYPE_STRING;
}

Document Binary() { return Document::Object({{"schema", Document::Object()}}); }

// In the body of a request or of an answer.
Document MessageContent(const Document& schema) {
  Document content;
  content["application/json"]["schema"] = schema;
  content["application/proto"] = Binary();
  return content;
}

Document EnvelopeContent() {
  Document content;
  content["application/connect+json"] = Binary();
  content["application/connect+proto"] = Binary();
  return content;
}

Document ParameterRef(std::string_view name) {
  Document reference;
  reference["$ref"] = StrCat("#/components/parameters/", name);
  return reference;
}

Document Parameter(std::string_view name, std::string_view in,
                   std::string_view description, Document schema) {
  Document parameter;
  parameter["name"] = name;
  parameter["in"] = in;
  parameter["description"] = description;
  parameter["schema"] = std::move(schema);
  return parameter;
}

bool NeedsFields(const pb::Descriptor* request) {
  for (int i = 0; i < request->field_count(); ++i) {
    if (MustBeSet(request->field(i))) return true;
  }
  return false;
}

Document OneOf(std::initializer_list<const char*> values) {
  Document schema;
  schema["type"] = "string";
  for (const char* value : values) schema["enum"].Add(value);
  return schema;
}

Document Parameters(bool any_get) {
  Document digits;
  digits["type"] = "string";
  digits["pattern"] = "^[0-9]{1,10}$";
  Document trace;
  trace["type"] = "string";
  trace["pattern"] = "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$";
  Document parameters;
  parameters["Timeout"] =
      Parameter("Connect-Timeout-Ms", "header",
                "The call's deadline, in milliseconds.", digits);
  parameters["ProtocolVersion"] =
      Parameter("Connect-Protocol-Version", "header",
                "The version that the client speaks.", OneOf({"1"}));
  parameters["TraceParent"] = Parameter(
      "traceparent", "header",
      "W3C trace context: the call becomes a part of the trace.", trace);
  if (!any_get) return parameters;
  parameters["Encoding"] = Parameter("encoding", "query",
                                     "The form of `message` and of the answer; "
                                     "\"json\" when it is left out.",
                                     OneOf({"json", "proto"}));
  parameters["Base64"] =
      Parameter("base64", "query", "With 1, `message` is in URL-safe base64.",
                OneOf({"1"}));
  parameters["Connect"] = Parameter(
      "connect", "query", "The version of the protocol.", OneOf({"v1"}));
  return parameters;
}

Document SecuritySchemes() {
  Document schemes;
  Document& token = schemes["Token"];
  token["type"] = "http";
  token["scheme"] = "bearer";
  token["bearerFormat"] = "JWT";
  token["description"] =
      "An access token. A platform that runs without identities asks for none.";
  return schemes;
}

// What a caller must have; roles are permissions. Whom a request is about may
// call without the permission: `x-access` says so.
Document Security(const pb::MethodDescriptor* method) {
  Document ways = Document::Array();
  const v1::Access& access = AccessOf(method);
  if (access.anybody()) return ways;
  Document token;
  token["Token"] = Document::Array();
  if (!access.self().empty() || access.permission().empty()) ways.Add(token);
  if (!access.permission().empty()) {
    token["Token"].Add(access.permission());
    ways.Add(token);
  }
  return ways;
}

class Writer {
 public:
  Writer(const Contracts& contracts, const DocumentOptions& options)
      : contracts_(contracts), options_(options) {}

  Document Write() {
    Document document;
    document["openapi"] = "3.1.0";
    document["info"]["title"] = options_.title;
    document["info"]["version"] = options_.version;
    document["info"]["description"] = kAbout;
    Document server;
    server["url"] = options_.server.empty() ? "/" : options_.server;
    document["servers"].Add(server);
    document["security"] = Document::Array();  // each operation has its own
    document["tags"] = Document::Array();
    Document paths = Document::Object();
    for (const pb::ServiceDescriptor* service : contracts_.services) {
      Document tag;
      tag["name"] = service->full_name();
      const std::string comment = CommentOf(service);
      if (!comment.empty()) tag["description"] = comment;
      document["tags"].Add(tag);
      for (int i = 0; i < service->method_count(); ++i) {
        AddPath(service->method(i), &paths);
      }
    }
    document["paths"] = paths;
    Document& components = document["components"];
    components["schemas"] = book_.Components();
    AddErrorSchemas(&components["schemas"]);
    components["parameters"] = Parameters(any_get_);
    components["responses"] = ErrorResponses(errors_);
    components["securitySchemes"] = SecuritySchemes();
    return document;
  }

 private:
  void AddPath(const pb::MethodDescriptor* method, Document* paths) {
    Document path;
    path["post"] = Operation(method, /*get=*/false);
    if (CanBeGet(method)) path["get"] = Operation(method, /*get=*/true);
    (*paths)[StrCat("/", method->service()->full_name(), "/", method->name())] =
        path;
  }

  Document Operation(const pb::MethodDescriptor* method, bool get) {
    Document operation;
    operation["operationId"] = StrCat(method->full_name(), get ? ".get" : "");
    operation["tags"].Add(method->service()->full_name());
    const std::string comment = CommentOf(method);
    operation["summary"] =
        comment.empty() ? method->name() : FirstSentence(comment);
    if (!comment.empty()) operation["description"] = comment;
    if (method->options().deprecated()) operation["deprecated"] = true;
    operation["security"] = Security(method);
    operation["x-access"] = AccessText(method);
    for (const char* name : {"Timeout", "ProtocolVersion", "TraceParent"}) {
      operation["parameters"].Add(ParameterRef(name));
    }
    if (get) {
      any_get_ = true;
      AddQuery(method, &operation);
    } else {
      operation["requestBody"] = Body(method);
    }
    Document& responses = operation["responses"];
    responses["200"] = Answer(method);
    AddErrorResponses(method, !get, &responses, &errors_);
    return operation;
  }

  void AddQuery(const pb::MethodDescriptor* method, Document* operation) {
    Document message;
    message["name"] = "message";
    message["in"] = "query";
    message["description"] = "The request; the empty message when left out.";
    if (NeedsFields(method->input_type())) message["required"] = true;
    message["content"]["application/json"]["schema"] =
        book_.Sent(method->input_type());
    (*operation)["parameters"].Add(message);
    for (const char* name : {"Encoding", "Base64", "Connect"}) {
      (*operation)["parameters"].Add(ParameterRef(name));
    }
  }

  Document Body(const pb::MethodDescriptor* method) {
    Document body;
    body["required"] = true;
    // Known to the document even where envelopes hide it.
    const Document schema = book_.Sent(method->input_type());
    if (method->client_streaming()) {
      body["description"] = StrCat("A stream of ", method->input_type()->name(),
                                   ". ", kEnvelopes);
      body["content"] = EnvelopeContent();
      body["x-item-schema"] = schema;
    } else {
      body["content"] = MessageContent(schema);
    }
    return body;
  }

  Document Answer(const pb::MethodDescriptor* method) {
    const Document schema = book_.Answered(method->output_type());
    const std::string& name = method->output_type()->name();
    Document answer;
    if (method->client_streaming()) {
      answer["description"] =
          StrCat(method->server_streaming() ? "A stream of " : "One ", name,
                 ". ", kEnvelopes);
      answer["content"] = EnvelopeContent();
      answer["x-item-schema"] = schema;
    } else if (method->server_streaming()) {
      answer["description"] = StrCat(
          "Events for a request with `Accept: text/event-stream`: the data of "
          "each is one ",
          name,
          " as JSON. The last is called \"end\", or \"error\" with the error "
          "as its data.",
          HasPositions(method) ? kPositions : "");
      Document events;
      events["type"] = "string";
      answer["content"]["text/event-stream"]["schema"] = events;
      answer["x-item-schema"] = schema;
    } else {
      answer["description"] = StrCat("The answer, a ", name, ".");
      answer["content"] = MessageContent(schema);
    }
    return answer;
  }

  const Contracts& contracts_;
  const DocumentOptions& options_;
  SchemaBook book_;
  std::set<int> errors_;
  bool any_get_ = false;
};

}  // namespace

Document OpenApi(const Contracts& contracts, const DocumentOptions& options) {
  return Writer(contracts, options).Write();
}

}  // namespace millrace::contracts
