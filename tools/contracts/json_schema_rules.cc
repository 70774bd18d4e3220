// Field rules as keywords of JSON Schema. A rule that has no keyword for its
// type (bounds of a 64-bit number, which JSON has as a string; an expression
// that is not ECMAScript's) is stated as `x-...` and, where one sentence says
// it, in the description.
#include <cmath>
#include <string>

#include "absl/strings/numbers.h"
#include "base/strings.h"
#include "tools/contracts/contract_model.h"
#include "tools/contracts/json_schema.h"

namespace millrace::contracts {
namespace {

using google::protobuf::FieldDescriptor;

bool Is64Bit(const FieldDescriptor* value) {
  return value->cpp_type() == FieldDescriptor::CPPTYPE_INT64 ||
         value->cpp_type() == FieldDescriptor::CPPTYPE_UINT64;
}

bool IsNumber(const FieldDescriptor* value) {
  switch (value->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return true;
    default:
      return false;
  }
}

Document Bound(double bound) {
  if (bound == std::trunc(bound) && std::abs(bound) < 1e15) {
    return Document(static_cast<int64_t>(bound));
  }
  return Document(bound);
}

// Whether ECMAScript (with its flag u, as validators set it) reads the
// expression as RE2 does.
bool IsPortable(std::string_view pattern) {
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const char next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if (c == '\\') {
      const bool known =
          std::string_view("dDwWfnrtv^$\\.*+?()[]{}|/").find(next) !=
              std::string_view::npos ||
          (!in_class && (next == 'b' || next == 'B')) ||
          (in_class && next == '-');
      if (!known || next == '\0') return false;
      ++i;
    } else if (in_class) {
      if (c == '[') return false;  // [:alpha:]
      if (c == ']') in_class = false;
    } else if (c == '[') {
      in_class = true;
      if (next == '^') ++i;
      // A class that begins with "]" has it as a member, in RE2 alone.
      if (i + 1 < pattern.size() && pattern[i + 1] == ']') return false;
    } else if (c == '(' && next == '?') {
      if (pattern.substr(i, 3) != "(?:") return false;
    } else if (c == '{' || c == '}' || c == ']') {
      if (c == ']') return false;
      if (c == '{' && (next < '0' || next > '9')) return false;
    }
  }
  return true;
}

void AddPattern(std::string_view pattern, Document* schema) {
  if (!IsPortable(pattern)) {
    (*schema)["x-re2-pattern"] = pattern;
    return;
  }
  // The whole text must match.
  (*schema)["pattern"] = StrCat("^(?:", pattern, ")$");
}

// Base64 of so many bytes, with or without padding.
void AddByteLength(const v1::FieldRules& rules, uint64_t least,
                   Document* schema) {
  if (least > 0) (*schema)["minLength"] = (least * 4 + 2) / 3;
  if (rules.has_max_len()) {
    (*schema)["maxLength"] = (rules.max_len() + 2) / 3 * 4;
  }
}

void AddLength(const FieldDescriptor* value, const v1::FieldRules& rules,
               bool required, Document* schema) {
  uint64_t least = rules.min_len();
  if (required && least == 0) least = 1;
  if (value->type() == FieldDescriptor::TYPE_BYTES) {
    AddByteLength(rules, least, schema);
    return;
  }
  if (least > 0) (*schema)["minLength"] = least;
  if (rules.has_max_len()) (*schema)["maxLength"] = rules.max_len();
}

void AddBounds(const FieldDescriptor* value, const v1::FieldRules& rules,
               Document* schema) {
  if (Is64Bit(value)) {
    if (rules.has_gte()) {
      (*schema)["x-minimum"] = Bound(rules.gte());
      if (rules.gte() == 0) (*schema)["pattern"] = "^[0-9]+$";
      if (rules.gte() >= 1) (*schema)["pattern"] = "^0*[1-9][0-9]*$";
    }
    if (rules.has_lte()) (*schema)["x-maximum"] = Bound(rules.lte());
    return;
  }
  if ((rules.has_gte() || rules.has_lte()) && schema->Has("oneOf")) {
    *schema = schema->Find("oneOf")->elements()[0];  // NaN breaks any bound
  }
  if (rules.has_gte()) (*schema)["minimum"] = Bound(rules.gte());
  if (rules.has_lte()) (*schema)["maximum"] = Bound(rules.lte());
}

void AddListed(const FieldDescriptor* value, const v1::FieldRules& rules,
               Document* schema) {
  if (rules.in_size() == 0) return;
  Document listed = Document::Array();
  for (const std::string& text : rules.in()) {
    int64_t number = 0;
    if (IsNumber(value) && absl::SimpleAtoi(text, &number)) {
      listed.Add(number);
    } else {
      listed.Add(text);
    }
  }
  (*schema)["enum"] = listed;
}

// A field without presence counts as set when it is not its type's default.
void ExcludeDefault(const FieldDescriptor* value, Document* schema) {
  if (value->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    (*schema)["const"] = true;
  } else if (const auto* type = value->enum_type()) {
    const std::string& zero = type->value(0)->name();
    Document others = Document::Array();
    for (const Document& name : schema->Find("enum")->elements()) {
      if (name.text() != zero) others.Add(name);
    }
    (*schema)["enum"] = others;
  } else if (Is64Bit(value)) {
    const Document* pattern = schema->Find("pattern");
    if (pattern->text() == "^[0-9]+$") {
      (*schema)["pattern"] = "^0*[1-9][0-9]*$";
    } else if (pattern->text().starts_with("^-?")) {
      (*schema)["pattern"] = "^-?0*[1-9][0-9]*$";
    }
  } else if (IsNumber(value)) {
    const Document* least = schema->Find("minimum");
    if (least != nullptr && least->text() == "0" &&
        schema->Find("type")->text() == "integer") {
      (*schema)["minimum"] = 1;
    } else {
      (*schema)["not"]["const"] = 0;
    }
  }
}

}  // namespace

void AddValueRules(const FieldDescriptor* field, Document* schema) {
  const v1::FieldRules& rules = RulesOf(field);
  const FieldDescriptor* value =
      field->is_map() ? field->message_type()->map_value() : field;
  const bool required =
      rules.required() && !field->is_repeated() && !field->has_presence();
  if (value->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    AddLength(value, rules, required, schema);
  }
  if (rules.email()) (*schema)["format"] = "email";
  if (rules.uuid()) (*schema)["format"] = "uuid";
  if (!rules.pattern().empty()) AddPattern(rules.pattern(), schema);
  AddBounds(value, rules, schema);
  AddListed(value, rules, schema);
  if (required) ExcludeDefault(value, schema);
}

void AddListRules(const FieldDescriptor* field, Document* schema) {
  if (!field->is_repeated()) return;
  const v1::FieldRules& rules = RulesOf(field);
  uint64_t least = rules.min_items();
  if (rules.required() && least == 0) least = 1;
  if (least > 0) {
    (*schema)[field->is_map() ? "minProperties" : "minItems"] = least;
  }
  if (rules.has_max_items()) {
    (*schema)[field->is_map() ? "maxProperties" : "maxItems"] =
        rules.max_items();
  }
  if (rules.unique()) (*schema)["uniqueItems"] = true;
}

}  // namespace millrace::contracts
