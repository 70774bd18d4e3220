#include "tools/protoc-gen-millrace/emitter_writer.h"

#include <google/protobuf/compiler/cpp/names.h>

#include <algorithm>

#include "base/strings.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;

// An event as a contract has it: under the name it has there.
struct NamedEvent {
  std::string name;
  const pb::MethodDescriptor* method;
};

// The events of the contract, its own first.
std::vector<NamedEvent> AllEvents(const EmitterModel& emitter) {
  std::vector<NamedEvent> events;
  for (const EventModel& event : emitter.events) {
    events.push_back({event.method->name(), event.method});
  }
  for (const InheritedEvent& one : emitter.inherited) {
    events.push_back({one.name, one.event.method});
  }
  return events;
}

std::string PayloadName(const pb::MethodDescriptor* event,
                        const EmitterModel& emitter) {
  const pb::Descriptor* payload = event->input_type();
  const std::string name = TypeName(payload, emitter.service);
  const bool hidden =
      std::any_of(emitter.inherited.begin(), emitter.inherited.end(),
                  [&](const InheritedEvent& one) { return one.name == name; });
  return hidden ? pb::compiler::cpp::QualifiedClassName(payload) : name;
}

// "::users::v1::UserEvents".
std::string QualifiedName(const pb::ServiceDescriptor* service) {
  const std::string space = NamespaceName(service->file());
  return StrCat(space.empty() ? "" : "::", space, "::", service->name());
}

void DeclareName(std::string_view name, std::string_view value, Writer* out) {
  const std::string start =
      StrCat("static constexpr std::string_view ", name, " =");
  // The tags are nested, so that 4 columns are taken.
  out->Line(start, start.size() + value.size() > 72 ? "\n    " : " ",
            Quoted(value), ";");
}

void DeclareEvent(const EventModel& event, const EmitterModel& emitter,
                  Writer* out) {
  const pb::MethodDescriptor* method = event.method;
  out->Lines(CommentOf(method));
  out->Line("struct ", method->name(), " {");
  out->Indent();
  out->Line("using Contract = ", method->service()->name(), ";");
  out->Line("using Payload = ", PayloadName(method, emitter), ";");
  out->Line("static constexpr size_t kIndex = ", method->index(), ";");
  DeclareName("kName", method->name(), out);
  DeclareName("kType", event.type, out);
  out->Line("static std::string Key(const Payload& payload);");
  out->Outdent();
  out->Line("};");
  out->Line("");
}

// The tags of the bases, by contract, and the list of all.
void DeclareInherited(const EmitterModel& emitter, Writer* out) {
  const pb::ServiceDescriptor* contract = nullptr;
  for (const InheritedEvent& one : emitter.inherited) {
    const pb::ServiceDescriptor* declaring = one.event.method->service();
    if (declaring != contract) {
      if (contract != nullptr) out->Line("");
      out->Line("// Of ", declaring->full_name(), ".");
      contract = declaring;
    }
    const std::string start = StrCat("using ", one.name, " =");
    const std::string tag =
        StrCat(QualifiedName(declaring), "::", one.event.method->name(), ";");
    out->Line(start, start.size() + tag.size() > 77 ? "\n    " : " ", tag);
  }
  if (contract != nullptr) out->Line("");
  std::vector<std::string> names;
  for (const NamedEvent& event : AllEvents(emitter)) {
    names.push_back(event.name);
  }
  out->List("using Events = millrace::EventTags", names, ";");
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
  for (const NamedEvent& event : AllEvents(emitter)) {
    out->Call(StrCat("virtual millrace::Promise<void> On", event.name),
              {StrCat("const millrace::Event<",
                      PayloadName(event.method, emitter), ">& event")},
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

void DefineTables(const EmitterModel& emitter, Writer* out) {
  if (!emitter.events.empty()) {
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
  }
  if (!emitter.bases.empty()) {
    out->Line("static const millrace::ContractInfo* const kBases[] = {");
    for (const pb::ServiceDescriptor* base : emitter.bases) {
      out->Line("    &", QualifiedName(base), "::Info(),");
    }
    out->Line("};");
  }
}

void DefinePolicy(const EmitterModel& emitter, Writer* out) {
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
}

void DefineInfo(const EmitterModel& emitter, Writer* out) {
  out->Line("");
  out->Line("const millrace::ContractInfo& ", emitter.service->name(),
            "::Info() {");
  out->Indent();
  DefineTables(emitter, out);
  out->Line("static const millrace::ContractInfo kInfo = {");
  out->Indent(4);
  out->Line(".full_name = ", Quoted(emitter.service->full_name()), ",");
  if (!emitter.events.empty()) DefinePolicy(emitter, out);
  if (!emitter.bases.empty()) out->Line(".bases = kBases,");
  out->Outdent(4);
  out->Line("};");
  out->Line("return kInfo;");
  out->Outdent();
  out->Line("}");
}

void DefineListener(const EmitterModel& emitter, Writer* out) {
  const std::string scope = StrCat(emitter.service->name(), "::Listener::");
  for (const NamedEvent& event : AllEvents(emitter)) {
    out->Line("");
    out->Call(StrCat("millrace::Promise<void> ", scope, "On", event.name),
              {StrCat("const millrace::Event<",
                      PayloadName(event.method, emitter), ">&")},
              " {");
    out->Line("  return millrace::Promise<void>::Resolve();");
    out->Line("}");
  }
  out->Line("");
  out->Call(StrCat("millrace::Promise<void> ", scope, "Deliver"),
            {"const millrace::EventEnvelope& envelope"}, " {");
  out->Indent();
  for (const NamedEvent& event : AllEvents(emitter)) {
    out->Line("if (envelope.type == ", event.name, "::kType) {");
    out->Indent();
    out->Call("return millrace::DeliverTo",
              {"this", StrCat("&Listener::On", event.name), "envelope"}, ";");
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
  for (const EventModel& event : emitter.events) {
    DeclareEvent(event, emitter, out);
  }
  if (emitter.bases.empty()) {
    out->Line("static constexpr size_t kEventCount = ", emitter.events.size(),
              ";");
  } else {
    DeclareInherited(emitter, out);
    out->Line("static constexpr size_t kEventCount = Events::kCount;");
  }
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
