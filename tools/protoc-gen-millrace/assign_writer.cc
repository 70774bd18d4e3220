#include "tools/protoc-gen-millrace/assign_writer.h"

#include <google/protobuf/compiler/cpp/names.h>

#include "base/strings.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

bool IsMessage(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

std::string NameOf(const FieldDescriptor* field) {
  return pb::compiler::cpp::FieldName(field);
}

// The assignment alone.
std::string SetCode(const FieldPair& pair, const Ends& ends) {
  const std::string name = NameOf(pair.from);
  const std::string value =
      ends.move && IsMovable(pair.from)
          ? StrCat("std::move(*", ends.from, ".mutable_", name, "())")
          : StrCat(ends.from, ".", name, "()");
  return pair.to->is_repeated() || IsMessage(pair.to)
             ? StrCat("*", ends.to, "mutable_", NameOf(pair.to), "() = ", value,
                      ";")
             : StrCat(ends.to, "set_", NameOf(pair.to), "(", value, ");");
}

void WriteSet(const FieldPair& pair, const Ends& ends, Writer* out) {
  const std::string code = SetCode(pair, ends);
  const size_t equals = code.find(" = ");
  if (equals == code.npos) {
    const size_t open = code.find('(');
    out->Call(code.substr(0, open),
              {code.substr(open + 1, code.size() - open - 3)}, ";");
  } else {
    out->Statement(code.substr(0, equals + 2), code.substr(equals + 3));
  }
}

}  // namespace

std::vector<FieldPair> Reversed(const std::vector<FieldPair>& pairs) {
  std::vector<FieldPair> reversed;
  for (const FieldPair& pair : pairs) reversed.push_back({pair.to, pair.from});
  return reversed;
}

bool IsMovable(const FieldDescriptor* field) {
  return field->is_repeated() || IsMessage(field) ||
         field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
}

std::string IsSetCode(const FieldDescriptor* field,
                      const std::string& variable) {
  const std::string get = StrCat(variable, ".", NameOf(field), "()");
  if (field->has_presence()) {
    return StrCat(variable, ".has_", NameOf(field), "()");
  }
  if (field->is_repeated()) return StrCat("!", get, ".empty()");
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return StrCat("!", get, ".empty()");
    case FieldDescriptor::CPPTYPE_BOOL:
      return get;
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return StrCat("millrace::derived::IsSet(", get, ")");
    default:
      return StrCat(get, " != 0");
  }
}

void WriteIfSet(const FieldPair& pair, const Ends& ends, Writer* out) {
  const std::string head = StrCat("if (", IsSetCode(pair.from, ends.from), ")");
  const std::string line = StrCat(head, " ", SetCode(pair, ends));
  if (out->Fits(line)) {
    out->Line(line);
    return;
  }
  out->Line(head, " {");
  out->Indent();
  WriteSet(pair, ends, out);
  out->Outdent();
  out->Line("}");
}

void WriteAssign(const FieldPair& pair, const Ends& ends, Writer* out) {
  if (!pair.to->has_presence()) {  // the default says the same as nothing
    WriteSet(pair, ends, out);
    return;
  }
  out->Line("if (", IsSetCode(pair.from, ends.from), ") {");
  out->Indent();
  WriteSet(pair, ends, out);
  out->Outdent();
  out->Line("} else {");
  out->Line("  ", ends.to, "clear_", NameOf(pair.to), "();");
  out->Line("}");
}

}  // namespace millrace::compiler
