#include "services/templates/domain.h"

#include <algorithm>

#include "base/strings.h"
#include "contract/etag.h"

namespace millrace::templates {

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

void Touch(absl::Time now, TemplateHead& head) {
  // What the database keeps: it reads the same when changed and later.
  head.update_time = absl::FromUnixMicros(absl::ToUnixMicros(now));
  if (head.revision++ == 0) head.create_time = head.update_time;
}

std::string EtagOf(const TemplateHead& head) { return StrCat(head.revision); }

std::string Describe(std::string_view name, std::string_view locale) {
  return StrCat("template '", name, "' in '", locale, "'");
}

absl::Status CheckEtag(const TemplateHead& head, std::string_view etag) {
  return MatchEtag(StrCat(Describe(head.name, head.locale), " has"),
                   EtagOf(head), etag);
}

absl::Status CheckInUse(const TemplateHead& head) {
  if (!head.archive_time) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat(Describe(head.name, head.locale), " is archived, since ",
             absl::FormatTime(*head.archive_time, absl::UTCTimeZone()),
             "; restore it first"));
}

absl::Status CheckArchived(const TemplateHead& head) {
  if (head.archive_time) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat(Describe(head.name, head.locale), " is in use; archive it first"));
}

absl::Status CheckDraft(const TemplateVersion& version) {
  if (version.state == State::kDraft) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat("version ", version.version, " of ",
             Describe(version.name, version.locale),
             " was published and stays as it is; put another version instead"));
}

}  // namespace millrace::templates
