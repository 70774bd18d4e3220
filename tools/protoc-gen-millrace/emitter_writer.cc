#include "tools/protoc-gen-millrace/emitter_writer.h"

#include <google/protobuf/compiler/cpp/names.h>

#include "base/strings.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;

std::string PayloadName(const EventModel& event) {
  return TypeName(event.method->input_type(), event.method->service());
}

void DeclareName(std::string_view name, std::string_view value, Writer* out) {
  const std::string start =
      StrCat("static constexpr std::string_view ", name, " =");
  // The tags are nested, so that 4 columns are taken.
  out->Line(start, start.size() + value.size() > 72 ? "\n    " : " ",
            Quoted(value), ";");
}

void DeclareEvent(const EventModel& event, Writer* out) {
  const pb::MethodDescriptor* method = event.method;
  out->Lines(CommentOf(method));
  out->Line("struct ", method->name(), " {");
  out->Indent();
  out->Line("using Contract = ", method->service()->name(), ";");
  out->Line("using Payload = ", PayloadName(event), ";");
  out->Line("static constexpr size_t kIndex = ", method->index(), ";");
  DeclareName("kName", method->name(), out);
  DeclareName("kType", method->full_name(), out);
  out->Line("static std::string Key(const Payload& payload);");
  out->Outdent();
  out->Line("};");
  out->Line("");
}

// The key as a string, whatever its type.
std::string KeyCode(const EventModel& event) {
  std::string get = "payload";
  for (const pb::FieldDescriptor* step : event.key) {
    StrAppend(&get, ".", pb::compiler::cpp::FieldName(step), "()");
  }
  switch (event.key.back()->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return get;
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return StrCat("millrace::StrCat(static_cast<int>(", get, "))");
    default:
      return StrCat("millrace::StrCat(", get, ")");
  }
}

void DeclareListener(const EmitterModel& emitter, Writer* out) {
  out->Line(
      "// Handles events of this contract from other processes. Override");
  out->Line("// what is of interest; the rest is passed over. An event lives");
  out->Line("// until the promise that its method returned has settled.");
  out->Line("class Listener : public millrace::EventListener {");
  out->Line(" public:");
  out->Indent();
  for (const EventModel& event : emitter.events) {
    out->Call(
        StrCat("virtual millrace::Promise<void> On", event.method->name()),
        {StrCat("const millrace::Event<", PayloadName(event), ">& event")},
        ";");
  }
  out->Line("");
  out->Line("// Decodes the event and hands it to its method. A type that is");
  out->Line("// unknown here is of a newer contract and is passed over.");
  out->Call("millrace::Promise<void> Deliver",
            {"const millrace::EventEnvelope& envelope"}, " final;");
  out->Outdent();
  out->Line("};");
}

void DefineInfo(const EmitterModel& emitter, Writer* out) {
  const std::string& name = emitter.service->name();
  out->Line("");
  out->Line("const millrace::ContractInfo& ", name, "::Info() {");
  out->Indent();
  out->Line("static constexpr millrace::EventInfo kEvents[] = {");
  out->Indent(4);
  for (const EventModel& event : emitter.events) {
    const std::string& tag = event.method->name();
    out->Line("{.name = ", tag, "::kName,");
    out->Line(" .type = ", tag, "::kType,");
    out->Line(" .payload = &millrace::PayloadOf<", tag, ">,");
    out->Line(" .key = &millrace::KeyOf<", tag, ">},");
  }
  out->Outdent(4);
  out->Line("};");
  out->Line("static const millrace::ContractInfo kInfo = {");
  out->Indent(4);
  out->Line(".full_name = ", Quoted(emitter.service->full_name()), ",");
  out->Line(".topic = ", Quoted(emitter.topic), ",");
  out->Line(".partitions = ", emitter.partitions, ",");
  out->Line(".retention = ", emitter.retention.ToCode(), ",");
  out->Line(".retry = {.max_attempts = ", emitter.max_attempts, ",");
  out->Line("          .initial_backoff = ", emitter.initial_backoff.ToCode(),
            ",");
  out->Line("          .max_backoff = ", emitter.max_backoff.ToCode(), ",");
  out->Line("          .multiplier = ", emitter.multiplier, "},");
  out->Line(".dead_letter_topic = ", Quoted(emitter.dead_letter_topic), ",");
  out->Line(".events = kEvents,");
  out->Outdent(4);
  out->Line("};");
  out->Line("return kInfo;");
  out->Outdent();
  out->Line("}");
}

void DefineListener(const EmitterModel& emitter, Writer* out) {
  const std::string scope = StrCat(emitter.service->name(), "::Listener::");
  for (const EventModel& event : emitter.events) {
    out->Line("");
    out->Call(
        StrCat("millrace::Promise<void> ", scope, "On", event.method->name()),
        {StrCat("const millrace::Event<", PayloadName(event), ">&")}, " {");
    out->Line("  return millrace::Promise<void>::Resolve();");
    out->Line("}");
  }
  out->Line("");
  out->Call(StrCat("millrace::Promise<void> ", scope, "Deliver"),
            {"const millrace::EventEnvelope& envelope"}, " {");
  out->Indent();
  for (const EventModel& event : emitter.events) {
    const std::string& tag = event.method->name();
    out->Line("if (envelope.type == ", tag, "::kType) {");
    out->Indent();
    out->Call("return millrace::DeliverTo",
              {"this", StrCat("&Listener::On", tag), "envelope"}, ";");
    out->Outdent();
    out->Line("}");
  }
  out->Line("return millrace::Promise<void>::Resolve();");
  out->Outdent();
  out->Line("}");
}

}  // namespace

void DeclareEmitter(const EmitterModel& emitter, Writer* out) {
  out->Line("");
  out->Lines(CommentOf(emitter.service));
  out->Line("struct ", emitter.service->name(), " {");
  out->Indent();
  for (const EventModel& event : emitter.events) DeclareEvent(event, out);
  out->Line("static constexpr size_t kEventCount = ", emitter.events.size(),
            ";");
  out->Line("static const millrace::ContractInfo& Info();");
  out->Line("");
  DeclareListener(emitter, out);
  out->Outdent();
  out->Line("};");
}

void DefineEmitter(const EmitterModel& emitter, Writer* out) {
  for (const EventModel& event : emitter.events) {
    out->Line("");
    out->Call(StrCat("std::string ", emitter.service->name(),
                     "::", event.method->name(), "::Key"),
              {"const Payload& payload"}, " {");
    out->Line("  return ", KeyCode(event), ";");
    out->Line("}");
  }
  DefineInfo(emitter, out);
  DefineListener(emitter, out);
}

}  // namespace millrace::compiler
