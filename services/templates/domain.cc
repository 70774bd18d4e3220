#include "services/templates/domain.h"

#include <algorithm>

#include "services/templates/engine/program.h"

namespace millrace::templates {
namespace {

Escaping EscapingOf(std::string_view content_type) {
  return content_type == kPlain ? Escaping::kNone : Escaping::kHtml;
}

}  // namespace

std::vector<std::string> LocaleFallback(std::string_view locale) {
  std::vector<std::string> locales;
  while (!locale.empty()) {
    locales.emplace_back(locale);
    const size_t dash = locale.rfind('-');
    locale = locale.substr(0, dash == std::string_view::npos ? 0 : dash);
  }
  if (std::find(locales.begin(), locales.end(), kDefaultLocale) ==
      locales.end()) {
    locales.emplace_back(kDefaultLocale);
  }
  return locales;
}

google::protobuf::Struct ToData(const Recipient& recipient) {
  google::protobuf::Struct data;
  auto& fields = *data.mutable_fields();
  fields["user_id"].set_string_value(recipient.user_id);
  fields["email"].set_string_value(recipient.email);
  fields["display_name"].set_string_value(recipient.display_name);
  fields["locale"].set_string_value(recipient.locale);
  return data;
}

absl::Status CheckBody(std::string_view body, std::string_view content_type) {
  return Program::Compile(body, EscapingOf(content_type)).status();
}

absl::StatusOr<std::string> Render(const TemplateVersion& version,
                                   const google::protobuf::Struct& data) {
  const absl::StatusOr<Program> program =
      Program::Compile(version.body, EscapingOf(version.content_type));
  if (!program.ok()) return program.status();
  return program->Render(data);
}

}  // namespace millrace::templates
