#include "tools/protoc-gen-millrace/mask_writer.h"

#include <google/protobuf/compiler/cpp/names.h>

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "base/strings.h"
#include "tools/protoc-gen-millrace/assign_writer.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

// Whether a path can go on behind the field. Those of google.protobuf are
// values, such as a time: half of one is of no use.
bool IsEntered(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         !field->is_repeated() &&
         field->message_type()->file()->package() != "google.protobuf";
}

// The messages that a path can enter from `message`, in order.
void CollectEntered(const pb::Descriptor* message,
                    std::vector<const pb::Descriptor*>* entered) {
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    if (!IsEntered(field)) continue;
    const pb::Descriptor* type = field->message_type();
    if (std::find(entered->begin(), entered->end(), type) != entered->end()) {
      continue;
    }
    entered->push_back(type);
    CollectEntered(type, entered);
  }
}

// What takes part in a function: the message that is read and those written.
struct PathFunction {
  std::string from_type;
  std::vector<std::pair<std::string, std::string>> targets;  // type, variable

  std::vector<std::string> parameters() const {
    std::vector<std::string> list = {"std::string_view path",
                                     StrCat("const ", from_type, "& from")};
    for (const auto& [type, variable] : targets) {
      list.push_back(StrCat(type, "* ", variable));
    }
    return list;
  }
};

void WritePath(const FieldPair& pair, const std::string& to, Writer* out) {
  const std::string name = Quoted(pair.from->name());
  out->Line("if (step.Is(", name, ")) {");
  out->Indent();
  out->Line("if (", to, " == nullptr) return true;");
  WriteAssign(pair, {"from", StrCat(to, "->")}, out);
  out->Line("return true;");
  out->Outdent();
  out->Line("}");
  if (!IsEntered(pair.from)) return;
  const std::string field = pb::compiler::cpp::FieldName(pair.from);
  const std::string has = StrCat("has_", field, "()");
  out->Line("if (step.Enters(", name, ")) {");
  out->Indent();
  // What is on neither side stays away.
  out->Statement(StrCat("const bool enter = ", to, " != nullptr &&"),
                 StrCat("(from.", has, " || ", to, "->", has, ");"));
  out->Call("return AssignPath",
            {"step.rest()", StrCat("from.", field, "()"),
             StrCat("enter ? ", to, "->mutable_", field, "() : nullptr")},
            ";");
  out->Outdent();
  out->Line("}");
}

// `pairs` of each target, in the targets' order.
void DefinePath(const PathFunction& function,
                const std::vector<std::vector<FieldPair>>& pairs, Writer* out) {
  out->Line("");
  out->Call("bool AssignPath", function.parameters(), " {");
  out->Indent();
  out->Line("const millrace::derived::Step step(path);");
  for (size_t i = 0; i < pairs.size(); ++i) {
    for (const FieldPair& pair : pairs[i]) {
      WritePath(pair, function.targets[i].second, out);
    }
  }
  out->Line("return false;");
  out->Outdent();
  out->Line("}");
}

// "user_patch" for UserPatch, and a name that a variable can have.
std::string SnakeCase(const std::string& type) {
  // Names that would be words of C++, or other variables of the functions.
  static const std::set<std::string> kTaken = {
      "alignas",      "alignof",   "and",           "and_eq",
      "asm",          "auto",      "bitand",        "bitor",
      "bool",         "break",     "case",          "catch",
      "char",         "class",     "co_await",      "co_return",
      "co_yield",     "compl",     "concept",       "const",
      "const_cast",   "consteval", "constexpr",     "constinit",
      "continue",     "decltype",  "default",       "delete",
      "do",           "double",    "dynamic_cast",  "else",
      "enum",         "explicit",  "export",        "extern",
      "false",        "float",     "for",           "friend",
      "goto",         "if",        "inline",        "int",
      "long",         "mutable",   "namespace",     "new",
      "noexcept",     "not",       "not_eq",        "nullptr",
      "operator",     "or",        "or_eq",         "private",
      "protected",    "public",    "register",      "reinterpret_cast",
      "requires",     "return",    "short",         "signed",
      "sizeof",       "static",    "static_assert", "static_cast",
      "struct",       "switch",    "template",      "this",
      "thread_local", "throw",     "true",          "try",
      "typedef",      "typeid",    "typename",      "union",
      "unsigned",     "using",     "virtual",       "void",
      "volatile",     "wchar_t",   "while",         "xor",
      "xor_eq",       "assign",    "enter",         "found",
      "from",         "key",       "mask",          "path",
      "step",         "value",     "values"};
  std::string name;
  for (size_t i = 0; i < type.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(type[i]);
    if (absl::ascii_isupper(c) && i > 0 && type[i - 1] != '_' &&
        !absl::ascii_isupper(static_cast<unsigned char>(type[i - 1]))) {
      name += '_';
    }
    name += absl::ascii_tolower(c);
  }
  if (kTaken.count(name) > 0) name += "_message";
  return name;
}

std::vector<const pb::Descriptor*> SourcesOf(const ConversionModel& model) {
  std::vector<const pb::Descriptor*> messages;
  for (const SourceModel& source : model.sources) {
    messages.push_back(source.message);
  }
  return messages;
}

// A name of `message` that none before it has: those of Order.Item and
// OrderItem are the same but for the suffix.
template <typename NameOf>
std::string Distinct(const std::vector<const pb::Descriptor*>& messages,
                     const pb::Descriptor* message, std::string_view suffix,
                     NameOf name_of) {
  std::set<std::string> taken;
  for (const pb::Descriptor* other : messages) {
    std::string name = name_of(other);
    while (!taken.insert(name).second) StrAppend(&name, suffix);
    if (other == message) return name;
  }
  return name_of(message);
}

}  // namespace

std::string UniqueName(const ConversionModel& model,
                       const pb::Descriptor* message) {
  const std::string name = pb::compiler::cpp::ClassName(message);
  std::vector<const pb::Descriptor*> all = {model.message};
  for (const SourceModel& source : model.sources) all.push_back(source.message);
  for (const pb::Descriptor* other : all) {
    if (other != message && pb::compiler::cpp::ClassName(other) == name) {
      return absl::StrReplaceAll(message->full_name(), {{".", "_"}});
    }
  }
  return name;
}

std::string FunctionName(const ConversionModel& model,
                         const pb::Descriptor* message) {
  const auto name_of = [&model](const pb::Descriptor* other) {
    std::string name = "To";
    bool upper = true;
    for (const char c : UniqueName(model, other)) {
      if (c != '_') {
        name += upper ? absl::ascii_toupper(static_cast<unsigned char>(c)) : c;
      }
      upper = c == '_';
    }
    return name;
  };
  // What makes the derived message takes other messages than they do.
  if (message == model.message) return name_of(message);
  return Distinct(SourcesOf(model), message, "Message", name_of);
}

std::string VariableName(const ConversionModel& model,
                         const pb::Descriptor* message) {
  std::vector<const pb::Descriptor*> all = SourcesOf(model);
  all.push_back(model.message);
  return Distinct(all, message, "_message",
                  [&model](const pb::Descriptor* other) {
                    return SnakeCase(UniqueName(model, other));
                  });
}

std::vector<const pb::Descriptor*> EnteredMessages(
    const std::vector<ConversionModel>& models) {
  std::vector<const pb::Descriptor*> entered;
  for (const ConversionModel& model : models) {
    if (!model.sources.empty()) CollectEntered(model.message, &entered);
  }
  return entered;
}

void DefinePaths(const pb::FileDescriptor* file,
                 const std::vector<ConversionModel>& models, Writer* out) {
  const std::vector<const pb::Descriptor*> entered = EnteredMessages(models);
  const auto nested = [&](const pb::Descriptor* message) {
    const std::string type = TypeName(message, file);
    return PathFunction{type, {{type, "to"}}};
  };
  out->Line("\nnamespace {");
  out->Line(
      "\n// Assigns what a path of a mask names. Without a message to assign "
      "to it only\n// says whether the path names anything.");
  for (const pb::Descriptor* message : entered) {
    out->Call("bool AssignPath", nested(message).parameters(), ";");
  }
  for (const pb::Descriptor* message : entered) {
    std::vector<FieldPair> pairs;
    for (int i = 0; i < message->field_count(); ++i) {
      pairs.push_back({message->field(i), message->field(i)});
    }
    DefinePath(nested(message), {pairs}, out);
  }
  for (const ConversionModel& model : models) {
    if (model.sources.empty()) continue;
    PathFunction function{TypeName(model.message, file), {}};
    std::vector<std::vector<FieldPair>> pairs;
    for (const SourceModel& source : model.sources) {
      function.targets.push_back({TypeName(source.message, file),
                                  VariableName(model, source.message)});
      pairs.push_back(source.fields);
    }
    DefinePath(function, pairs, out);
  }
  out->Line("\n}  // namespace");
}

}  // namespace millrace::compiler
