// What a template is, how one may change, and what a message is. Pure.
//
// A template is a name in one locale. It has versions, of which one at most is
// published.
#ifndef MILLRACE_SERVICES_TEMPLATES_DOMAIN_H_
#define MILLRACE_SERVICES_TEMPLATES_DOMAIN_H_

#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace millrace::templates {

inline constexpr char kHtml[] = "text/html";
inline constexpr char kPlain[] = "text/plain";
inline constexpr char kDefaultLocale[] = "en";
inline constexpr int64_t kMustacheSyntax = 1;
inline constexpr int64_t kExtendedSyntax = 2;

// The numbers stand in the database.
enum class State { kDraft = 1, kPublished = 2, kRetired = 3 };

struct TemplateVersion {
  std::string name;
  std::string locale;
  int64_t version = 1;  // 1, 2, 3 ... for each name and locale
  State state = State::kDraft;
  std::string content_type = kHtml;
  std::string body;
  int64_t syntax = kMustacheSyntax;
  std::string data_type;        // that it is rendered with; empty: not said
  bool unsafe_allowed = false;  // may have values that are not escaped
  absl::Time create_time;
  std::optional<absl::Time> publish_time;
};

// A template as a whole. It outlasts its versions: once they are erased it is
// kept for its numbers, and for nobody to find.
struct TemplateHead {
  std::string name;
  std::string locale;
  int64_t revision = 0;           // grows by one with each change
  int64_t latest_version = 0;     // the greatest number that was given
  int64_t published_version = 0;  // 0: none; while archived, what was
  absl::Time create_time;
  absl::Time update_time;
  std::optional<absl::Time> archive_time;
  std::optional<absl::Time> erase_time;  // then it is archived as well
};

// A text that was rendered for a user because of an event.
struct RenderedText {
  std::string id;  // UUIDv7: sorts by creation
  std::string event_id;
  std::string user_id;
  std::string name;  // of the template
  std::string locale;
  int64_t version = 0;
  std::string content_type;
  std::string body;
  absl::Time render_time;
};

// What is known of a person when a text is rendered for them.
struct Recipient {
  std::string user_id;
  std::string email;
  std::string display_name;
  std::string locale;
};

// The locales to look for a template in, best first: "de-AT" gives "de-AT",
// "de", "en".
std::vector<std::string> LocaleFallback(std::string_view locale);

// What a template sees of a recipient.
google::protobuf::Struct ToData(const Recipient& recipient);

// Notes a change.
void Touch(absl::Time now, TemplateHead& head);

std::string EtagOf(const TemplateHead& head);

// "template 'welcome' in 'en'", for errors.
std::string Describe(std::string_view name, std::string_view locale);

// ABORTED when `etag` is given and the template has changed since.
absl::Status CheckEtag(const TemplateHead& head, std::string_view etag);

// FAILED_PRECONDITION when the template is archived, or is not.
absl::Status CheckInUse(const TemplateHead& head);
absl::Status CheckArchived(const TemplateHead& head);

// FAILED_PRECONDITION unless the version can still be changed.
absl::Status CheckDraft(const TemplateVersion& version);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_DOMAIN_H_
