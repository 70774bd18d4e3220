#include "tools/protoc-gen-millrace/generator.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <algorithm>
#include <memory>
#include <set>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "tools/protoc-gen-millrace/derive.h"
#include "tools/protoc-gen-millrace/derive_proto_writer.h"
#include "tools/protoc-gen-millrace/derived.h"
#include "tools/protoc-gen-millrace/derived_writer.h"
#include "tools/protoc-gen-millrace/diagnostics.h"
#include "tools/protoc-gen-millrace/emitter.h"
#include "tools/protoc-gen-millrace/emitter_bases.h"
#include "tools/protoc-gen-millrace/emitter_writer.h"
#include "tools/protoc-gen-millrace/layout_check.h"
#include "tools/protoc-gen-millrace/name_check.h"
#include "tools/protoc-gen-millrace/rule_check.h"
#include "tools/protoc-gen-millrace/rule_writer.h"
#include "tools/protoc-gen-millrace/service_writer.h"
#include "tools/protoc-gen-millrace/writer.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;
using pb::compiler::GeneratorContext;
using Emitters = std::vector<EmitterModel>;

// The file and all it imports, those that are imported first.
void CollectFiles(const pb::FileDescriptor* file,
                  std::set<const pb::FileDescriptor*>* visited,
                  std::vector<const pb::FileDescriptor*>* files) {
  if (!visited->insert(file).second) return;
  for (int i = 0; i < file->dependency_count(); ++i) {
    CollectFiles(file->dependency(i), visited, files);
  }
  files->push_back(file);
}

Emitters Check(const std::vector<const pb::FileDescriptor*>& roots, bool layout,
               Diagnostics* diagnostics) {
  std::set<const pb::FileDescriptor*> visited;
  std::vector<const pb::FileDescriptor*> files;
  for (const pb::FileDescriptor* file : roots) {
    CollectFiles(file, &visited, &files);
  }
  Emitters emitters;
  for (const pb::FileDescriptor* file : files) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      CheckRules(file->message_type(i), diagnostics);
    }
    ReadDerives(file, diagnostics);
    ReadDerived(file, diagnostics);
    for (int i = 0; i < file->service_count(); ++i) {
      const pb::ServiceDescriptor* service = file->service(i);
      if (IsEmitter(service)) {
        emitters.push_back(ReadEmitter(service, diagnostics));
      } else {
        CheckService(service, diagnostics);
      }
    }
  }
  for (const pb::FileDescriptor* file : roots) {
    CheckNames(file, diagnostics);
    if (layout) CheckLayout(file, diagnostics);
  }
  ResolveBases(&emitters, diagnostics);
  CheckTopics(emitters, diagnostics);
  return emitters;
}

const EmitterModel& ModelOf(const pb::ServiceDescriptor* service,
                            const Emitters& emitters) {
  for (const EmitterModel& emitter : emitters) {
    if (emitter.service == service) return emitter;
  }
  return emitters.front();  // not reached: Check() read all of them
}

void AddInOrder(const pb::ServiceDescriptor* service, const Emitters& emitters,
                std::vector<const pb::ServiceDescriptor*>* services) {
  if (std::find(services->begin(), services->end(), service) !=
      services->end()) {
    return;
  }
  if (IsEmitter(service)) {
    for (const pb::ServiceDescriptor* base : ModelOf(service, emitters).bases) {
      if (base->file() == service->file()) AddInOrder(base, emitters, services);
    }
  }
  services->push_back(service);
}

// The services of the file, each behind those it extends.
std::vector<const pb::ServiceDescriptor*> ServicesOf(
    const pb::FileDescriptor* file, const Emitters& emitters) {
  std::vector<const pb::ServiceDescriptor*> services;
  for (int i = 0; i < file->service_count(); ++i) {
    AddInOrder(file->service(i), emitters, &services);
  }
  return services;
}

// What the code of a file needs to include.
struct Uses {
  explicit Uses(const pb::FileDescriptor* file)
      : rules(!CheckedMessages(file).empty()), derived(HasDerived(file)) {
    for (int i = 0; i < file->service_count(); ++i) {
      const pb::ServiceDescriptor* service = file->service(i);
      (IsEmitter(service) ? emitters : services) = true;
      for (int j = 0; j < service->method_count(); ++j) {
        const pb::MethodDescriptor* method = service->method(j);
        moves |= method->client_streaming();
        for (const pb::Descriptor* type :
             {method->input_type(), method->output_type()}) {
          if (type->file() != file && !IsEmitter(service)) {
            messages.insert(MessagesHeaderName(type->file()));
          }
        }
        if (method->input_type()->file() == file) continue;
        messages.insert(MessagesHeaderName(method->input_type()->file()));
        if (HasRules(method->input_type()) && !IsEmitter(service)) {
          checks.insert(HeaderName(method->input_type()->file()));
        }
      }
    }
    checks.merge(CheckHeaders(file));
  }

  bool Nothing() const { return !rules && !derived && !emitters && !services; }

  bool rules = false;
  bool derived = false;
  bool emitters = false;
  bool services = false;
  bool moves = false;
  std::set<std::string> messages;  // of other files, in signatures
  std::set<std::string> checks;    // of other files, in validators
};

void WriteBanner(const pb::FileDescriptor* file, Writer* out) {
  out->Line("// Generated by protoc-gen-millrace. Do not edit.");
  out->Line("// Source: ", file->name());
}

// Calls `write` with the namespace of the file around it.
void InNamespace(const pb::FileDescriptor* file, Writer* out,
                 absl::FunctionRef<void()> write) {
  const std::string name = NamespaceName(file);
  if (!name.empty()) out->Line("\nnamespace ", name, " {");
  write();
  if (!name.empty()) out->Line("\n}  // namespace ", name);
}

void Include(const std::set<std::string>& headers, Writer* out) {
  if (headers.empty()) return;
  out->Line("");
  for (const std::string& header : headers) {
    out->Line("#include \"", header, "\"");
  }
}

using Conversions = std::vector<ConversionModel>;

std::string Header(const pb::FileDescriptor* file, const Emitters& emitters,
                   const Conversions& conversions) {
  const Uses uses(file);
  std::set<std::string> includes = uses.messages;
  includes.merge(DerivedHeaders(conversions));
  includes.insert(MessagesHeaderName(file));
  if (uses.emitters) includes.insert("contract/event.h");
  for (const pb::ServiceDescriptor* service : ServicesOf(file, emitters)) {
    if (!IsEmitter(service)) continue;
    const EmitterModel& emitter = ModelOf(service, emitters);
    for (const pb::ServiceDescriptor* base : emitter.bases) {
      includes.insert(HeaderName(base->file()));
    }
    for (const InheritedEvent& one : emitter.inherited) {
      includes.insert(HeaderName(one.event.method->file()));
    }
  }
  includes.erase(HeaderName(file));
  if (uses.rules) includes.insert("contract/rules.h");
  if (uses.services) includes.insert("contract/service.h");

  Writer out;
  WriteBanner(file, &out);
  out.Line("#ifndef ", GuardName(file));
  out.Line("#define ", GuardName(file));
  if (uses.emitters) {
    out.Line("\n#include <cstddef>");
    out.Line("#include <string>");
    out.Line("#include <string_view>");
  }
  Include(includes, &out);
  if (!uses.Nothing()) {
    InNamespace(file, &out, [&] {
      for (const pb::ServiceDescriptor* service : ServicesOf(file, emitters)) {
        if (IsEmitter(service)) {
          DeclareEmitter(ModelOf(service, emitters), &out);
        } else {
          DeclareService(service, &out);
        }
      }
      DeclareDerived(file, conversions, &out);
      if (!uses.rules) return;
      out.Line("\n// Adds what breaks the rules of a message to `found`.");
      for (const pb::Descriptor* message : CheckedMessages(file)) {
        DeclareCheck(message, &out);
      }
    });
  }
  out.Line("\n#endif  // ", GuardName(file));
  return out.text();
}

std::string Source(const pb::FileDescriptor* file, const Emitters& emitters,
                   const Conversions& conversions) {
  const Uses uses(file);
  std::set<std::string> includes = uses.checks;
  if (uses.emitters) includes.insert("base/strings.h");
  if (uses.derived) includes.insert("contract/derived.h");
  if (uses.services) includes.insert("contract/invoke.h");
  if (uses.services || uses.rules) includes.insert("contract/rules.h");

  Writer out;
  WriteBanner(file, &out);
  out.Line("#include \"", HeaderName(file), "\"");
  if (uses.derived || uses.moves) out.Line("");
  if (uses.derived) out.Line("#include <string_view>");
  if (uses.derived || uses.moves) out.Line("#include <utility>");
  Include(includes, &out);
  if (uses.Nothing()) return out.text();
  InNamespace(file, &out, [&] {
    for (const pb::Descriptor* message : CheckedMessages(file)) {
      DefineCheck(message, &out);
    }
    DefineDerived(file, conversions, &out);
    for (const pb::ServiceDescriptor* service : ServicesOf(file, emitters)) {
      if (IsEmitter(service)) {
        DefineEmitter(ModelOf(service, emitters), &out);
      } else {
        DefineService(service, &out);
      }
    }
  });
  return out.text();
}

void Write(GeneratorContext* context, const std::string& name,
           const std::string& text) {
  const std::unique_ptr<pb::io::ZeroCopyOutputStream> file(context->Open(name));
  pb::io::CodedOutputStream stream(file.get());
  stream.WriteString(text);
}

// Writes the derived messages of files that have been checked.
bool Derive(const std::vector<const pb::FileDescriptor*>& files,
            GeneratorContext* context, std::string* error) {
  for (const pb::FileDescriptor* file : files) {
    if (!HasDerives(file)) {
      *error = StrCat(file->name(),
                      " derives no messages: it has no option "
                      "(millrace.v1.derive)");
      return false;
    }
    Diagnostics checked;
    Write(context, DerivedFileName(file),
          DerivedProto(file, ReadDerives(file, &checked)));
  }
  return true;
}

}  // namespace

bool Generator::Generate(const pb::FileDescriptor* file,
                         const std::string& parameter,
                         GeneratorContext* context, std::string* error) const {
  return GenerateAll({file}, parameter, context, error);
}

bool Generator::GenerateAll(const std::vector<const pb::FileDescriptor*>& files,
                            const std::string& parameter,
                            GeneratorContext* context,
                            std::string* error) const {
  bool check = false;
  bool layout = false;
  bool derive = false;
  for (absl::string_view word :
       absl::StrSplit(parameter, ',', absl::SkipEmpty())) {
    if (word == "check") {
      check = true;
    } else if (word == "layout") {
      layout = true;
    } else if (word == "derive") {
      derive = true;
    } else {
      *error = StrCat("unknown parameter '", word,
                      "'; there are \"check\", which writes no files, "
                      "\"layout\", which checks packages and folders too, and "
                      "\"derive\", which writes files of derived messages");
      return false;
    }
  }
  Diagnostics diagnostics;
  const Emitters emitters = Check(files, layout, &diagnostics);
  if (!diagnostics.ok()) {
    *error = diagnostics.ToString();
    return false;
  }
  if (check) return true;
  if (derive) return Derive(files, context, error);
  for (const pb::FileDescriptor* file : files) {
    // Check() has read them too, so that there is nothing to say.
    const Conversions conversions = ReadDerived(file, &diagnostics);
    Write(context, HeaderName(file), Header(file, emitters, conversions));
    Write(context, SourceName(file), Source(file, emitters, conversions));
  }
  return true;
}

}  // namespace millrace::compiler
