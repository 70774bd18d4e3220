#include "tools/protoc-gen-millrace/rule_check.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "base/strings.h"
#include "base/suggest.h"
#include "tools/protoc-gen-millrace/names.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

enum class Kind { kString, kBytes, kInteger, kFloat, kBool, kEnum, kMessage };

Kind KindOf(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return field->type() == FieldDescriptor::TYPE_BYTES ? Kind::kBytes
                                                          : Kind::kString;
    case FieldDescriptor::CPPTYPE_BOOL:
      return Kind::kBool;
    case FieldDescriptor::CPPTYPE_ENUM:
      return Kind::kEnum;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Kind::kMessage;
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Kind::kFloat;
    default:
      return Kind::kInteger;
  }
}

template <typename T>
std::optional<std::string> Read(const std::string& text) {
  T value;
  if (!absl::SimpleAtoi(text, &value)) return std::nullopt;
  return StrCat(value);
}

// The bounds of the type that a double holds exactly.
bool IsBound(const FieldDescriptor* field, double bound) {
  if (KindOf(field) == Kind::kFloat) return std::isfinite(bound);
  if (bound != std::trunc(bound) || std::abs(bound) > 9007199254740992.0) {
    return false;
  }
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return bound >= std::numeric_limits<int32_t>::min() &&
             bound <= std::numeric_limits<int32_t>::max();
    case FieldDescriptor::CPPTYPE_UINT32:
      return bound >= 0 && bound <= std::numeric_limits<uint32_t>::max();
    case FieldDescriptor::CPPTYPE_UINT64:
      return bound >= 0;
    default:
      return true;
  }
}

class Checker {
 public:
  Checker(const FieldDescriptor* field, Diagnostics* diagnostics)
      : field_(field),
        value_(ValueOf(field)),
        rules_(RulesOf(field)),
        kind_(KindOf(value_)),
        diagnostics_(diagnostics) {}

  void Check() {
    if (rules_.ByteSizeLong() == 0) {
      Refuse(StrCat("the rules of ", field_->name(), " are empty"),
             "they let everything pass, and look as if they did not",
             "a rule, or none of the option");
      return;
    }
    if (!CheckTypes()) return;
    CheckOrder(rules_.has_min_len() && rules_.has_max_len(), "min_len",
               rules_.min_len(), "max_len", rules_.max_len());
    CheckOrder(rules_.has_min_items() && rules_.has_max_items(), "min_items",
               rules_.min_items(), "max_items", rules_.max_items());
    CheckOrder(rules_.has_gte() && rules_.has_lte(), "gte", rules_.gte(), "lte",
               rules_.lte());
    if (rules_.has_gte()) CheckBound("gte", rules_.gte());
    if (rules_.has_lte()) CheckBound("lte", rules_.lte());
    CheckPattern();
    CheckTogether();
    std::set<std::string> listed;
    for (const std::string& text : rules_.in()) {
      CheckListed(text);
      const bool integer = kind_ == Kind::kInteger;
      const std::string value =
          integer ? IntegerOf(value_, text).value_or(text) : text;
      if (listed.insert(value).second) continue;
      Refuse(StrCat("in of ", field_->name(), " lists '", text, "' twice"), "",
             "each value once");
    }
    if (rules_.required() && field_->real_containing_oneof() != nullptr) {
      Refuse(StrCat(field_->name(), " is required, and part of oneof ",
                    field_->real_containing_oneof()->name()),
             "the others of the oneof could never be set",
             "a check of the oneof in the handler");
    }
  }

 private:
  void Refuse(std::string_view what, std::string_view why,
              std::string_view fix) {
    diagnostics_->Error(Place::OfOption(field_, v1::kRulesFieldNumber), what,
                        why, fix);
  }

  std::string TypeText() const {
    if (field_->is_map()) return StrCat("map to ", NameOfValueType());
    return StrCat(field_->is_repeated() ? "repeated " : "", NameOfValueType());
  }

  std::string NameOfValueType() const {
    if (value_->message_type() != nullptr) {
      return value_->message_type()->full_name();
    }
    if (value_->enum_type() != nullptr) {
      return value_->enum_type()->full_name();
    }
    return value_->type_name();
  }

  bool CheckTypes() {
    const bool list = field_->is_repeated();
    const bool text = kind_ == Kind::kString;
    const bool number = kind_ == Kind::kInteger || kind_ == Kind::kFloat;
    const bool listed = text || kind_ == Kind::kInteger || kind_ == Kind::kEnum;
    const bool sized = text || kind_ == Kind::kBytes;
    struct {
      bool used, fits;
      std::string_view rule, types;
    } const uses[] = {
        {rules_.has_min_len(), sized, "min_len", "strings and bytes"},
        {rules_.has_max_len(), sized, "max_len", "strings and bytes"},
        {!rules_.pattern().empty(), text, "pattern", "strings"},
        {rules_.email(), text, "email", "strings"},
        {rules_.uuid(), text, "uuid", "strings"},
        {rules_.in_size() > 0, listed, "in", "strings, integers and enums"},
        {rules_.has_gte(), number, "gte", "numbers"},
        {rules_.has_lte(), number, "lte", "numbers"},
        {rules_.has_min_items(), list, "min_items", "repeated fields and maps"},
        {rules_.has_max_items(), list, "max_items", "repeated fields and maps"},
        {rules_.unique(), list && !field_->is_map() && kind_ != Kind::kMessage,
         "unique", "repeated fields of strings, bytes, numbers and enums"},
    };
    std::vector<std::string> fitting = {"required"};
    for (const auto& use : uses) {
      if (use.fits) fitting.emplace_back(use.rule);
    }
    bool good = true;
    for (const auto& use : uses) {
      if (!use.used || use.fits) continue;
      good = false;
      Refuse(StrCat("rule ", use.rule, " cannot be used on ", field_->name(),
                    ", which is of type ", TypeText()),
             StrCat(use.rule, " is for ", use.types),
             StrCat("this field can have ", ListOf(fitting, "and")));
    }
    return good;
  }

  template <typename T>
  void CheckOrder(bool both, std::string_view low_rule, T low,
                  std::string_view high_rule, T high) {
    if (!both || low <= high) return;
    Refuse(StrCat(low_rule, " of ", field_->name(), " is greater than ",
                  high_rule),
           "no value could satisfy both",
           StrCat(low_rule, ": ", high, ", ", high_rule, ": ", low,
                  " if they were swapped"));
  }

  // Rules that leave no value over.
  void CheckTogether() {
    if (rules_.email() && rules_.uuid()) {
      Refuse(StrCat(field_->name(), " must be an e-mail address and a UUID"),
             "no text is both", "one of them");
    }
    const std::string_view empty =
        field_->is_repeated()
            ? (rules_.has_max_items() && rules_.max_items() == 0 ? "max_items"
                                                                 : "")
            : (rules_.has_max_len() && rules_.max_len() == 0 ? "max_len" : "");
    if (rules_.required() && !empty.empty()) {
      Refuse(StrCat(field_->name(), " is required, and ", empty, " is 0"),
             "it could only be empty, which counts as not set",
             StrCat("a greater ", empty, ", or not required"));
    }
  }

  // A value of `in` that another rule refuses.
  void CheckReachable(const std::string& text) {
    std::string_view rule;
    double number;
    if (kind_ == Kind::kString) {
      const uint64_t length = CountCharacters(text);
      if (rules_.has_min_len() && length < rules_.min_len()) rule = "min_len";
      if (rules_.has_max_len() && length > rules_.max_len()) rule = "max_len";
      const re2::RE2 pattern(rules_.pattern(), re2::RE2::Quiet);
      if (!rules_.pattern().empty() && pattern.ok() &&
          !re2::RE2::FullMatch(text, pattern)) {
        rule = "pattern";
      }
    } else if (kind_ == Kind::kInteger && absl::SimpleAtod(text, &number)) {
      if (rules_.has_gte() && number < rules_.gte()) rule = "gte";
      if (rules_.has_lte() && number > rules_.lte()) rule = "lte";
    }
    if (rule.empty()) return;
    Refuse(StrCat("in of ", field_->name(), " lists '", text, "', which ", rule,
                  " refuses"),
           "a value has to satisfy all rules", "values that do");
  }

  // Unicode code points.
  static uint64_t CountCharacters(const std::string& text) {
    return static_cast<uint64_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
  }

  void CheckBound(std::string_view rule, double bound) {
    if (IsBound(value_, bound)) return;
    Refuse(StrCat(rule, " of ", field_->name(), " is ", bound,
                  ", which is no value of type ", value_->type_name()),
           "",
           kind_ == Kind::kFloat ? "a finite number"
                                 : "a whole number in its range, at most "
                                   "2^53");
  }

  void CheckPattern() {
    if (rules_.pattern().empty()) return;
    const re2::RE2 expression(rules_.pattern(), re2::RE2::Quiet);
    if (expression.ok()) return;
    Refuse(StrCat("the pattern of ", field_->name(),
                  " does not compile: ", expression.error()),
           StrCat("patterns are RE2's; this one is ", rules_.pattern()),
           "https://github.com/google/re2/wiki/Syntax has what there is");
  }

  void CheckListed(const std::string& text) {
    if (kind_ == Kind::kInteger && !IntegerOf(value_, text)) {
      Refuse(StrCat("in of ", field_->name(), " lists '", text,
                    "', which is no value of type ", value_->type_name()),
             "", "whole numbers in its range, in quotes");
      return;
    }
    CheckReachable(text);
    if (kind_ != Kind::kEnum) return;
    const pb::EnumDescriptor* type = value_->enum_type();
    if (type->FindValueByName(text) != nullptr) return;
    std::vector<std::string> names;
    for (int i = 0; i < type->value_count(); ++i) {
      names.push_back(type->value(i)->name());
    }
    Refuse(StrCat("in of ", field_->name(), " lists '", text, "', but ",
                  type->name(), " has no such value", DidYouMean(text, names)),
           "", StrCat("one of ", ListOf(names, "or")));
  }

  const FieldDescriptor* const field_;
  const FieldDescriptor* const value_;
  const v1::FieldRules& rules_;
  const Kind kind_;
  Diagnostics* const diagnostics_;
};

}  // namespace

const v1::FieldRules& RulesOf(const FieldDescriptor* field) {
  return field->options().GetExtension(v1::rules);
}

const FieldDescriptor* ValueOf(const FieldDescriptor* field) {
  return field->is_map() ? field->message_type()->map_value() : field;
}

std::optional<std::string> IntegerOf(const FieldDescriptor* field,
                                     const std::string& text) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return Read<int32_t>(text);
    case FieldDescriptor::CPPTYPE_INT64:
      return Read<int64_t>(text);
    case FieldDescriptor::CPPTYPE_UINT32:
      return Read<uint32_t>(text);
    default:
      return Read<uint64_t>(text);
  }
}

void CheckRules(const pb::Descriptor* message, Diagnostics* diagnostics) {
  for (int i = 0; i < message->field_count(); ++i) {
    if (message->field(i)->options().HasExtension(v1::rules)) {
      Checker(message->field(i), diagnostics).Check();
    }
  }
  for (int i = 0; i < message->nested_type_count(); ++i) {
    CheckRules(message->nested_type(i), diagnostics);
  }
}

}  // namespace millrace::compiler
