#include "services/templates/domain.h"

#include <algorithm>

#include "base/strings.h"
#include "services/templates/engine/document.h"
#include "services/templates/engine/program.h"
#include "services/templates/engine/renderer.h"

namespace millrace::templates {
namespace {

CompileOptions OptionsFor(std::string_view content_type) {
  CompileOptions options;
  options.escaping =
      content_type == kPlain ? Escaping::kNone : Escaping::kContextual;
  options.allow_unsafe = false;
  options.require_partials = true;
  return options;
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
  std::string errors;
  for (const Diagnostic& error : Check(body, OptionsFor(content_type)).errors) {
    const Place& place = error.place;
    StrAppend(&errors, errors.empty() ? "" : "\n", place.template_name, ":",
              place.line, ":", place.column, ": ", error.message);
  }
  if (errors.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(errors);
}

absl::StatusOr<std::string> Render(const TemplateVersion& version,
                                   const google::protobuf::Struct& data) {
  const absl::StatusOr<Program> program =
      Program::Compile(version.body, OptionsFor(version.content_type));
  if (!program.ok()) return program.status();
  Document document;
  const absl::Status read = document.ReadMessage(data);
  if (!read.ok()) return read;
  return Render(*program, document);
}

}  // namespace millrace::templates
