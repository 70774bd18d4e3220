// The tables `templates` and `messages`, which nobody else touches. Every
// function runs inside a transaction, on its worker thread, and throws
// StatusError.
#ifndef MILLRACE_SERVICES_TEMPLATES_STORE_H_
#define MILLRACE_SERVICES_TEMPLATES_STORE_H_

#include <optional>
#include <string_view>
#include <vector>

#include "services/templates/domain.h"
#include "store/transaction.h"

namespace millrace::templates {

// Adds `draft` as the next version of its name and locale and answers it with
// that version. ALREADY_EXISTS when another caller added it first.
TemplateVersion InsertNext(store::Tx& tx, TemplateVersion draft);

// NOT_FOUND when there is no such version.
TemplateVersion FindVersion(store::Tx& tx, std::string_view name,
                            std::string_view locale, int64_t version);

// The version to render: the published one in the first of `locales` that has
// one.
std::optional<TemplateVersion> FindPublished(
    store::Tx& tx, std::string_view name,
    const std::vector<std::string>& locales);

struct Publication {
  TemplateVersion version;
  bool is_new = false;  // it was not the published one already
};

// Retires what is published and publishes `version`. NOT_FOUND as above.
Publication Publish(store::Tx& tx, std::string_view name,
                    std::string_view locale, int64_t version, absl::Time now);

void InsertMessage(store::Tx& tx, const RenderedText& text);

// At most `limit` messages of a user whose id is less than `before` (all when
// it is empty), the newest first.
std::vector<RenderedText> ListMessages(store::Tx& tx, std::string_view user_id,
                                       std::string_view before, int64_t limit);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_STORE_H_
