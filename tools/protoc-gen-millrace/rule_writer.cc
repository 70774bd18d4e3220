#include "tools/protoc-gen-millrace/rule_writer.h"

#include <google/protobuf/compiler/cpp/names.h>

#include <cstdint>

#include "base/strings.h"
#include "millrace/v1/contract.pb.h"
#include "tools/protoc-gen-millrace/rule_check.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

bool Search(const pb::Descriptor* message,
            std::set<const pb::Descriptor*>* visited) {
  if (!visited->insert(message).second) return false;
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    if (field->options().HasExtension(v1::rules)) return true;
    const pb::Descriptor* type = ValueOf(field)->message_type();
    if (type != nullptr && Search(type, visited)) return true;
  }
  return false;
}

void Collect(const pb::Descriptor* message,
             std::vector<const pb::Descriptor*>* checked) {
  if (message->options().map_entry()) return;
  if (HasRules(message)) checked->push_back(message);
  for (int i = 0; i < message->nested_type_count(); ++i) {
    Collect(message->nested_type(i), checked);
  }
}

std::string NumberText(const FieldDescriptor* field, double bound) {
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_FLOAT ||
      field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
    std::string text = StrCat(bound);
    if (text.find_first_of(".e") == text.npos) text += ".0";
    return text;
  }
  return StrCat(static_cast<int64_t>(bound));
}

// A listed value as C++ has it, where "010" would be eight.
std::string IntegerText(const FieldDescriptor* field, const std::string& text) {
  const std::string value = IntegerOf(field, text).value_or(text);
  // C++ has no literal of it.
  if (value == "-9223372036854775808") return "-9223372036854775807 - 1";
  const bool is_unsigned =
      field->cpp_type() == FieldDescriptor::CPPTYPE_UINT32 ||
      field->cpp_type() == FieldDescriptor::CPPTYPE_UINT64;
  return is_unsigned ? StrCat(value, "u") : value;
}

// Writes the checks of one field.
class FieldWriter {
 public:
  FieldWriter(const FieldDescriptor* field, Writer* out)
      : field_(field),
        value_(ValueOf(field)),
        rules_(RulesOf(field)),
        get_(StrCat("message.", pb::compiler::cpp::FieldName(field), "()")),
        at_(StrCat("at.Field(\"", field->name(), "\")")),
        out_(out) {}

  void Write() {
    if (field_->is_repeated()) {
      WriteList();
    } else {
      WriteSingle();
    }
  }

 private:
  bool IsText() const { return value_->type() == FieldDescriptor::TYPE_STRING; }

  // Whether one value has anything to be checked.
  bool ChecksValue() const {
    return (value_->message_type() != nullptr &&
            HasRules(value_->message_type())) ||
           rules_.has_min_len() || rules_.has_max_len() ||
           !rules_.pattern().empty() || rules_.email() || rules_.uuid() ||
           rules_.in_size() > 0 || rules_.has_lte() ||
           (rules_.has_gte() && !IsTrivial(rules_.gte()));
  }

  // The C++ condition for a value that is set.
  std::string IsSet() const {
    const std::string name = pb::compiler::cpp::FieldName(field_);
    if (field_->has_presence()) return StrCat("message.has_", name, "()");
    switch (field_->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return StrCat("!", get_, ".empty()");
      case FieldDescriptor::CPPTYPE_BOOL:
        return get_;
      default:
        return StrCat(get_, " != 0");
    }
  }

  void WriteSingle() {
    if (!rules_.required() && !ChecksValue()) return;
    if (!rules_.required()) {
      out_->Line("if (", IsSet(), ") {");
    } else if (ChecksValue()) {
      out_->Call("if (millrace::rules::Required", {IsSet(), at_, "found"},
                 ") {");
    } else {
      out_->Call("millrace::rules::Required", {IsSet(), at_, "found"}, ";");
      return;
    }
    out_->Indent();
    WriteValue(get_, at_);
    out_->Outdent();
    out_->Line("}");
  }

  void WriteList() {
    if (rules_.required()) {
      out_->Call("millrace::rules::Required",
                 {StrCat("!", get_, ".empty()"), at_, "found"}, ";");
    }
    const std::string size = StrCat(get_, ".size()");
    if (rules_.has_min_items()) {
      WriteRule("MinItems", size, StrCat(rules_.min_items()), at_);
    }
    if (rules_.has_max_items()) {
      WriteRule("MaxItems", size, StrCat(rules_.max_items()), at_);
    }
    if (rules_.unique())
      out_->Call("millrace::rules::Unique", {get_, at_, "found"}, ";");
    if (!ChecksValue()) return;
    if (field_->is_map()) {
      out_->Line("for (const auto& [key, value] : ", get_, ") {");
      out_->Indent();
      const bool text = field_->message_type()->map_key()->cpp_type() ==
                        FieldDescriptor::CPPTYPE_STRING;
      WriteValue("value", StrCat(at_, ".At(",
                                 text ? "key" : "millrace::StrCat(key)", ")"));
    } else {
      const std::string name = pb::compiler::cpp::FieldName(field_);
      out_->Line("for (int i = 0; i < message.", name, "_size(); ++i) {");
      out_->Indent();
      WriteValue(StrCat("message.", name, "(i)"), StrCat(at_, ".At(i)"));
    }
    out_->Outdent();
    out_->Line("}");
  }

  void WriteRule(std::string_view rule, const std::string& value,
                 const std::string& argument, const std::string& at) {
    out_->Call(StrCat("millrace::rules::", rule),
               {value, argument, at, "found"}, ";");
  }

  void WriteValue(const std::string& value, const std::string& at) {
    if (value_->message_type() != nullptr) {
      out_->Call("Check", {value, at, "found"}, ";");
      return;
    }
    if (rules_.has_min_len()) {
      WriteRule(IsText() ? "MinLength" : "MinBytes", value,
                StrCat(rules_.min_len()), at);
    }
    if (rules_.has_max_len()) {
      WriteRule(IsText() ? "MaxLength" : "MaxBytes", value,
                StrCat(rules_.max_len()), at);
    }
    if (rules_.email())
      out_->Call("millrace::rules::Email", {value, at, "found"}, ";");
    if (rules_.uuid())
      out_->Call("millrace::rules::Uuid", {value, at, "found"}, ";");
    if (!rules_.pattern().empty()) {
      const std::string quoted = Quoted(rules_.pattern());
      out_->Call("static const millrace::rules::Pattern pattern", {quoted},
                 ";");
      WriteRule("Matches", value, "pattern", at);
    }
    if (rules_.in_size() > 0) WriteListed(value, at);
    if (rules_.has_gte() && !IsTrivial(rules_.gte())) {
      WriteRule("AtLeast", value, NumberText(value_, rules_.gte()), at);
    }
    if (rules_.has_lte()) {
      WriteRule("AtMost", value, NumberText(value_, rules_.lte()), at);
    }
  }

  // No unsigned number is below it.
  bool IsTrivial(double gte) const {
    return gte <= 0 && (value_->cpp_type() == FieldDescriptor::CPPTYPE_UINT32 ||
                        value_->cpp_type() == FieldDescriptor::CPPTYPE_UINT64);
  }

  void WriteListed(const std::string& value, const std::string& at) {
    std::vector<std::string> values;
    for (const std::string& text : rules_.in()) {
      if (value_->enum_type() != nullptr) {
        values.push_back(
            EnumConstant(value_->enum_type()->FindValueByName(text)));
      } else {
        values.push_back(IsText() ? Quoted(text) : IntegerText(value_, text));
      }
    }
    if (value_->enum_type() == nullptr) {
      std::string list = Breakable("", values, "", 60);
      list.front() = '{';
      list.back() = '}';
      WriteRule("OneOf", value, list, at);
      return;
    }
    std::string condition;
    for (const std::string& constant : values) {
      StrAppend(&condition, condition.empty() ? "" : " &&\n    ", value,
                " != ", constant);
    }
    out_->Line("if (", condition, ") {");
    const std::vector<std::string> names(rules_.in().begin(),
                                         rules_.in().end());
    out_->Indent();
    out_->Call("found.Add",
               {at, Quoted(StrCat("must be one of ", ListOf(names, "or")))},
               ";");
    out_->Outdent();
    out_->Line("}");
  }

  const FieldDescriptor* const field_;
  const FieldDescriptor* const value_;
  const v1::FieldRules& rules_;
  const std::string get_;
  const std::string at_;
  Writer* const out_;
};

void Signature(const pb::Descriptor* message, std::string_view tail,
               Writer* out) {
  out->Call(
      "void Check",
      {StrCat("const ", TypeName(message, message->file()), "& message"),
       "const millrace::rules::Path& at", "millrace::rules::Found& found"},
      tail);
}

}  // namespace

bool HasRules(const pb::Descriptor* message) {
  std::set<const pb::Descriptor*> visited;
  return Search(message, &visited);
}

std::vector<const pb::Descriptor*> CheckedMessages(
    const pb::FileDescriptor* file) {
  std::vector<const pb::Descriptor*> checked;
  for (int i = 0; i < file->message_type_count(); ++i) {
    Collect(file->message_type(i), &checked);
  }
  return checked;
}

std::set<std::string> CheckHeaders(const pb::FileDescriptor* file) {
  std::set<std::string> headers;
  for (const pb::Descriptor* message : CheckedMessages(file)) {
    for (int i = 0; i < message->field_count(); ++i) {
      const pb::Descriptor* type = ValueOf(message->field(i))->message_type();
      if (type != nullptr && type->file() != file && HasRules(type)) {
        headers.insert(HeaderName(type->file()));
      }
    }
  }
  return headers;
}

void DeclareCheck(const pb::Descriptor* message, Writer* out) {
  Signature(message, ";", out);
}

void DefineCheck(const pb::Descriptor* message, Writer* out) {
  out->Line("");
  Signature(message, " {", out);
  out->Indent();
  for (int i = 0; i < message->field_count(); ++i) {
    FieldWriter(message->field(i), out).Write();
  }
  out->Outdent();
  out->Line("}");
}

}  // namespace millrace::compiler
