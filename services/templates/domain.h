// What a template is, which one is rendered, and what a message is. Pure.
#ifndef MILLRACE_SERVICES_TEMPLATES_DOMAIN_H_
#define MILLRACE_SERVICES_TEMPLATES_DOMAIN_H_

#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace millrace::templates {

inline constexpr char kHtml[] = "text/html";
inline constexpr char kPlain[] = "text/plain";
inline constexpr char kDefaultLocale[] = "en";

// The numbers stand in the database.
enum class State { kDraft = 1, kPublished = 2, kRetired = 3 };

struct TemplateVersion {
  std::string name;
  std::string locale;
  int64_t version = 1;  // 1, 2, 3 ... for each name and locale
  State state = State::kDraft;
  std::string content_type = kHtml;
  std::string body;
  absl::Time create_time;
  std::optional<absl::Time> publish_time;
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

// INVALID_ARGUMENT with line and column when `body` does not compile.
absl::Status CheckBody(std::string_view body, std::string_view content_type);

// The text of `version` with `data`. RESOURCE_EXHAUSTED when it grows past the
// engine's bounds.
absl::StatusOr<std::string> Render(const TemplateVersion& version,
                                   const google::protobuf::Struct& data);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_DOMAIN_H_
