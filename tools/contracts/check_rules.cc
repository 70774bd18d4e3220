// What "narrower" means for each rule. A bound that was not there lets
// everything in; a pattern that is another is taken for narrower, because
// whether it lets in all that the old one did cannot be told.
#include <algorithm>
#include <limits>
#include <optional>

#include "base/strings.h"
#include "tools/contracts/check_parts.h"

namespace millrace::contracts {
namespace {

using google::protobuf::FieldDescriptor;

bool IsUnsigned(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_UINT32 ||
         field->cpp_type() == FieldDescriptor::CPPTYPE_UINT64;
}

// Bounds as they act: nothing where they refuse nothing.
struct Effective {
  explicit Effective(const FieldDescriptor* field) : rules(RulesOf(field)) {
    const FieldDescriptor* value =
        field->is_map() ? field->message_type()->map_value() : field;
    const bool elements = field->is_repeated();
    // The empty text counts as not set, so that no other is shorter than 1.
    const uint64_t free = elements || field->has_presence() ? 0 : 1;
    if (rules.min_len() > free) min_len = rules.min_len();
    if (rules.has_max_len()) max_len = rules.max_len();
    if (rules.has_gte() && !(IsUnsigned(value) && rules.gte() <= 0)) {
      gte = rules.gte();
    }
    if (rules.has_lte()) lte = rules.lte();
    if (rules.min_items() > 0) min_items = rules.min_items();
    if (elements && rules.required() && !min_items) min_items = 1;
    if (rules.has_max_items()) max_items = rules.max_items();
  }

  const v1::FieldRules& rules;
  std::optional<uint64_t> min_len, max_len, min_items, max_items;
  std::optional<double> gte, lte;
};

class Comparison {
 public:
  Comparison(const FieldDescriptor* before, const FieldDescriptor* after)
      : before_(before), after_(after), repeated_(after->is_repeated()) {}

  std::vector<std::string> Run() {
    const v1::FieldRules& old = before_.rules;
    const v1::FieldRules& rules = after_.rules;
    if (!repeated_) Flag("required", old.required(), rules.required());
    Bound("min_len", before_.min_len, after_.min_len, /*lower=*/true);
    Bound("max_len", before_.max_len, after_.max_len, /*lower=*/false);
    if (!rules.pattern().empty() && rules.pattern() != old.pattern()) {
      Add(StrCat("pattern is ", rules.pattern(),
                 old.pattern().empty()
                     ? std::string(", was none")
                     : StrCat(", was ", old.pattern(),
                              " (whether it is wider cannot be told)")));
    }
    Flag("email", old.email(), rules.email());
    Flag("uuid", old.uuid(), rules.uuid());
    Listed();
    Bound("gte", before_.gte, after_.gte, /*lower=*/true);
    Bound("lte", before_.lte, after_.lte, /*lower=*/false);
    Bound("min_items", before_.min_items, after_.min_items, /*lower=*/true);
    Bound("max_items", before_.max_items, after_.max_items, /*lower=*/false);
    Flag("unique", old.unique(), rules.unique());
    return narrowed_;
  }

 private:
  void Add(std::string text) { narrowed_.push_back(std::move(text)); }

  void Flag(std::string_view rule, bool before, bool after) {
    if (after && !before) Add(StrCat("it is ", rule, ", was not"));
  }

  template <typename T>
  void Bound(std::string_view rule, const std::optional<T>& before,
             const std::optional<T>& after, bool lower) {
    if (!after) return;
    if (before && (lower ? *after <= *before : *after >= *before)) return;
    Add(StrCat(rule, " is ", *after, ", was ",
               before ? StrCat(*before) : std::string("none")));
  }

  void Listed() {
    const auto& old = before_.rules.in();
    const auto& now = after_.rules.in();
    if (now.empty()) return;
    if (old.empty()) {
      Add("in lists what is allowed, was none");
      return;
    }
    std::string missing;
    for (const std::string& value : old) {
      if (std::find(now.begin(), now.end(), value) == now.end()) {
        StrAppend(&missing, missing.empty() ? "" : ", ", value);
      }
    }
    if (!missing.empty()) Add(StrCat("in no longer lists ", missing));
  }

  const Effective before_;
  const Effective after_;
  const bool repeated_;
  std::vector<std::string> narrowed_;
};

}  // namespace

std::vector<std::string> Narrowed(const FieldDescriptor* baseline,
                                  const FieldDescriptor* now) {
  return Comparison(baseline, now).Run();
}

}  // namespace millrace::contracts
