#include "tools/protoc-gen-millrace/service_writer.h"

#include <google/protobuf/compiler/cpp/names.h>

#include "absl/strings/ascii.h"
#include "base/strings.h"
#include "millrace/v1/contract.pb.h"
#include "tools/protoc-gen-millrace/access.h"
#include "tools/protoc-gen-millrace/rule_writer.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;

// One method, as C++.
struct Method {
  explicit Method(const pb::MethodDescriptor* method)
      : descriptor(method),
        request(TypeName(method->input_type(), method->service())),
        response(TypeName(method->output_type(), method->service())),
        result(StrCat(method->server_streaming() ? "millrace::Stream<"
                                                 : "millrace::Promise<",
                      response, ">")) {
    Diagnostics checked;  // CheckService() has said what is wrong
    access = ReadAccess(method, &checked);
  }

  // The parameters, with their names.
  std::vector<std::string> parameters() const {
    return {"const millrace::Call& call",
            descriptor->client_streaming()
                ? StrCat("millrace::Stream<", request, "> requests")
                : StrCat("const ", request, "& request")};
  }

  std::string table_entry() const {
    return StrCat("k", descriptor->service()->name(), "Methods[",
                  descriptor->index(), "]");
  }

  // Tells whom a request is about.
  std::string self_function() const {
    return StrCat("SelfOf", descriptor->service()->name(), descriptor->name());
  }

  const pb::MethodDescriptor* descriptor;
  std::string request;
  std::string response;
  std::string result;
  AccessModel access;
};

std::vector<Method> MethodsOf(const pb::ServiceDescriptor* service) {
  std::vector<Method> methods;
  for (int i = 0; i < service->method_count(); ++i) {
    methods.emplace_back(service->method(i));
  }
  return methods;
}

std::string_view KindOf(const pb::MethodDescriptor* method) {
  if (method->client_streaming()) {
    return method->server_streaming() ? "Bidi" : "ClientStream";
  }
  return method->server_streaming() ? "ServerStream" : "Unary";
}

void DeclareInterface(const pb::ServiceDescriptor* service, Writer* out) {
  out->Line("class ", service->name(), "Client;");
  out->Line("");
  out->Lines(CommentOf(service));
  out->Line("class ", service->name(), " {");
  out->Line(" public:");
  out->Indent();
  out->Line("// The implementation that calls another process.");
  out->Line("using Client = ", service->name(), "Client;");
  out->Line("");
  out->Line("virtual ~", service->name(), "() = default;");
  for (const Method& method : MethodsOf(service)) {
    out->Line("");
    out->Lines(CommentOf(method.descriptor));
    out->Call(StrCat("virtual ", method.result, " ", method.descriptor->name()),
              method.parameters(), " = 0;");
  }
  out->Line("");
  out->Line("static const millrace::ServiceInfo& Info();");
  out->Outdent();
  out->Line("};");
}

void DeclareClient(const pb::ServiceDescriptor* service, Writer* out) {
  const std::string name = service->name() + "Client";
  out->Line("");
  out->Line("// Calls the service through a channel.");
  out->Line("class ", name, " final : public ", service->name(), " {");
  out->Line(" public:");
  out->Indent();
  out->Line("// `channel` must outlive the client.");
  const std::string constructor =
      StrCat("explicit ", name, "(millrace::Channel& channel)");
  out->Line(constructor, constructor.size() > 56 ? "\n    " : " ",
            ": channel_(channel) {}");
  out->Line("");
  for (const Method& method : MethodsOf(service)) {
    out->Call(StrCat(method.result, " ", method.descriptor->name()),
              method.parameters(), " override;");
  }
  out->Outdent();
  out->Line("");
  out->Line(" private:");
  out->Line("  millrace::Channel& channel_;");
  out->Line("};");
}

void DefineAccess(const Method& method, Writer* out) {
  const AccessModel& access = method.access;
  if (access.anybody) {
    out->Line(" .access = {.anybody = true},");
    return;
  }
  if (access.authenticated) {
    out->Line(" .access = {.authenticated = true},");
    return;
  }
  std::vector<std::string> parts;
  if (!access.permission.empty()) {
    parts.push_back(StrCat(".permission = ", Quoted(access.permission)));
  }
  if (!access.self.empty()) {
    parts.push_back(StrCat(".self = &", method.self_function()));
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    out->Line(i == 0 ? " .access = {" : "            ", parts[i],
              i + 1 == parts.size() ? "}," : ",");
  }
}

// Functions that tell whom a request is about, for the table.
void DefineSelves(const std::vector<Method>& methods, Writer* out) {
  for (const Method& method : methods) {
    if (method.access.self.empty()) continue;
    std::string get;
    for (const pb::FieldDescriptor* step : method.access.self) {
      StrAppend(&get, ".", pb::compiler::cpp::FieldName(step), "()");
    }
    out->Line("");
    out->Call(StrCat("std::string_view ", method.self_function()),
              {"const millrace::Message& request"}, " {");
    out->Indent();
    out->Statement("return", StrCat("static_cast<const ",
                                    TypeName(method.descriptor->input_type(),
                                             method.descriptor->file()),
                                    "&>(request)", get, ";"));
    out->Outdent();
    out->Line("}");
  }
}

void DefineTable(const pb::ServiceDescriptor* service, Writer* out) {
  out->Line("");
  out->Line("constexpr millrace::MethodInfo k", service->name(),
            "Methods[] = {");
  out->Indent(4);
  for (const Method& method : MethodsOf(service)) {
    const pb::MethodDescriptor* descriptor = method.descriptor;
    const std::string request =
        TypeName(descriptor->input_type(), service->file());
    const std::string response =
        TypeName(descriptor->output_type(), service->file());
    const bool pure = descriptor->options().idempotency_level() ==
                      pb::MethodOptions::NO_SIDE_EFFECTS;
    const std::string_view kind = KindOf(descriptor);
    out->Line("{.name = ", Quoted(descriptor->name()), ",");
    out->Line(" .path = \"/", service->full_name(), "/", descriptor->name(),
              "\",");
    out->Line(" .kind = millrace::MethodKind::k", kind, ",");
    if (pure) out->Line(" .no_side_effects = true,");
    DefineAccess(method, out);
    out->Line(" .request = &millrace::DefaultInstance<", request, ">,");
    out->Line(" .response = &millrace::DefaultInstance<", response, ">,");
    if (HasRules(descriptor->input_type())) {
      out->Line(" .validate = &millrace::rules::Validate<", request, ">,");
    } else {
      out->Line(" .validate = &millrace::rules::NoRules,");
    }
    const std::string pointer =
        StrCat("&", service->name(), "::", descriptor->name());
    const std::string field = kind == "Unary" ? " .unary = " : " .stream = ";
    out->Line(field, "&millrace::Invoke", kind, "<", pointer, ">},");
  }
  out->Outdent(4);
  out->Line("};");
}

void DefineInfo(const pb::ServiceDescriptor* service, Writer* out) {
  out->Line("");
  out->Line("const millrace::ServiceInfo& ", service->name(), "::Info() {");
  out->Line("  static constexpr millrace::ServiceInfo kInfo = {");
  out->Line("      .full_name = ", Quoted(service->full_name()), ",");
  out->Line("      .methods = k", service->name(), "Methods,");
  out->Line("      .file = &millrace::FileOf<",
            TypeName(service->file()->message_type(0), service), ">,");
  out->Line("  };");
  out->Line("  return kInfo;");
  out->Line("}");
}

void DefineClient(const pb::ServiceDescriptor* service, Writer* out) {
  for (const Method& method : MethodsOf(service)) {
    const std::string name = method.descriptor->name();
    const bool stream = method.descriptor->client_streaming();
    out->Line("");
    out->Call(StrCat(method.result, " ", service->name(), "Client::", name),
              method.parameters(), " {");
    out->Indent();
    out->Call(StrCat("return millrace::Call", KindOf(method.descriptor), "<",
                     method.response, ">"),
              {"channel_", method.table_entry(), "call",
               stream ? "std::move(requests)" : "request"},
              ";");
    out->Outdent();
    out->Line("}");
  }
}

}  // namespace

void CheckService(const pb::ServiceDescriptor* service,
                  Diagnostics* diagnostics) {
  const pb::FileDescriptor* file = service->file();
  if (file->message_type_count() == 0) {
    diagnostics->Error(
        Place::Of(service),
        StrCat("service ", service->name(), " is in a file without messages"),
        "the file's description is found through a message of its own",
        "its request messages in the same file");
  }
  for (int i = 0; i < service->method_count(); ++i) {
    const pb::MethodDescriptor* method = service->method(i);
    if (method->options().HasExtension(v1::event)) {
      diagnostics->Error(Place::OfOption(method, v1::kEventFieldNumber),
                         StrCat(service->name(), ".", method->name(),
                                " is declared as an event, but ",
                                service->name(), " is no emitter contract"),
                         "an emitter contract names the topic of its events",
                         StrCat("option (millrace.v1.emitter) = {topic: \"",
                                file->package(), ".events\"}; in the service"));
    } else {
      ReadAccess(method, diagnostics);
    }
    if (method->name() == "Info" || method->name() == "Client" ||
        !absl::ascii_isupper(static_cast<unsigned char>(method->name()[0]))) {
      diagnostics->Error(
          Place::Of(method),
          StrCat("a method cannot be called ", method->name()),
          absl::ascii_isupper(static_cast<unsigned char>(method->name()[0]))
              ? "the generated code uses the name itself"
              : "methods are named in UpperCamelCase",
          "a verb and a noun such as GetUser");
    }
  }
}

void DeclareService(const pb::ServiceDescriptor* service, Writer* out) {
  out->Line("");
  DeclareInterface(service, out);
  DeclareClient(service, out);
  out->Line("");
  out->Line("// `service` must outlive the binding.");
  out->Call("millrace::ServiceBinding Bind",
            {StrCat(service->name(), "& service")}, ";");
}

void DefineService(const pb::ServiceDescriptor* service, Writer* out) {
  out->Line("");
  out->Line("namespace {");
  DefineSelves(MethodsOf(service), out);
  DefineTable(service, out);
  out->Line("");
  out->Line("}  // namespace");
  DefineInfo(service, out);
  DefineClient(service, out);
  out->Line("");
  out->Call("millrace::ServiceBinding Bind",
            {StrCat(service->name(), "& service")}, " {");
  out->Line("  return {&", service->name(), "::Info(), &service};");
  out->Line("}");
}

}  // namespace millrace::compiler
