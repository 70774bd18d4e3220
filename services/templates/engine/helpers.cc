#include "services/templates/engine/helpers.h"

#include <charconv>

namespace millrace::templates {

Value HelperCall::Option(std::string_view name) const {
  for (const auto& [option, value] : options) {
    if (option == name) return value;
  }
  return {};
}

std::string_view HelperCall::TextOption(std::string_view name,
                                        std::string_view otherwise) const {
  const Value value = Option(name);
  return value.has_text() ? value.text_view() : otherwise;
}

void Helpers::Add(Helper helper) {
  std::string name = helper.name;
  helpers_.insert_or_assign(std::move(name), std::move(helper));
}

const Helper* Helpers::Find(std::string_view name) const {
  const auto found = helpers_.find(name);
  return found == helpers_.end() ? nullptr : &found->second;
}

std::vector<std::string> Helpers::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, helper] : helpers_) names.push_back(name);
  return names;
}

std::optional<double> NumberOf(const Value& value) {
  if (!value.has_text() || value.size > kMaxNumberBytes) return std::nullopt;
  const std::string_view text = value.text_view();
  double number = 0;
  const auto read =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

std::string TextOf(const Value& value) {
  switch (value.kind) {
    case Kind::kNumber:
    case Kind::kString:
      return std::string(value.text_view());
    case Kind::kTrue:
      return "true";
    case Kind::kFalse:
      return "false";
    default:
      return "";
  }
}

}  // namespace millrace::templates
