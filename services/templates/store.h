// The tables `template_heads`, `templates` (their versions), `messages` and
// `erased_recipients`, which nobody else touches. Every function runs inside a
// transaction, on its worker thread, and throws StatusError.
//
// Each query goes by an index (plan_test.cc).
#ifndef MILLRACE_SERVICES_TEMPLATES_STORE_H_
#define MILLRACE_SERVICES_TEMPLATES_STORE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/templates/domain.h"
#include "store/transaction.h"

namespace millrace::templates {

// Of a template whose versions were erased too.
std::optional<TemplateHead> TryFindHead(store::Tx& tx, std::string_view name,
                                        std::string_view locale);
// NOT_FOUND when there is no such template, or it was erased.
TemplateHead FindHead(store::Tx& tx, std::string_view name,
                      std::string_view locale);
// Whether it is there already or not.
void SaveHead(store::Tx& tx, const TemplateHead& head);

struct HeadQuery {
  std::string prefix;  // of the name
  std::string locale;  // empty: any
  bool archived = false;
  // Only those behind this pair.
  std::string after_name;
  std::string after_locale;
};

// At most `limit` names of templates that are published in some locale, in
// their order.
std::vector<std::string> ListPublishedNames(store::Tx& tx,
                                            std::string_view prefix,
                                            int64_t limit);

// At most `limit` templates that are not erased, by name and locale.
std::vector<TemplateHead> ListHeads(store::Tx& tx, const HeadQuery& query,
                                    int64_t limit);

// 0 when there is none.
int64_t GreatestVersion(store::Tx& tx, std::string_view name,
                        std::string_view locale);
void InsertVersion(store::Tx& tx, const TemplateVersion& version);
// State, times, and all that a draft may change.
void UpdateVersion(store::Tx& tx, const TemplateVersion& version);
void DeleteVersion(store::Tx& tx, std::string_view name,
                   std::string_view locale, int64_t version);
void DeleteVersions(store::Tx& tx, std::string_view name,
                    std::string_view locale);

// NOT_FOUND when there is no such version.
TemplateVersion FindVersion(store::Tx& tx, std::string_view name,
                            std::string_view locale, int64_t version);

// At most `limit` versions whose number is less than `before`, without their
// bodies, the newest first.
std::vector<TemplateVersion> ListVersions(store::Tx& tx, std::string_view name,
                                          std::string_view locale,
                                          int64_t before, int64_t limit);

// The greatest version below `version` that was published once and is not now.
std::optional<TemplateVersion> FindRetiredBefore(store::Tx& tx,
                                                 std::string_view name,
                                                 std::string_view locale,
                                                 int64_t version);

// The version to render: the published one in the first of `locales` that has
// one.
std::optional<TemplateVersion> FindPublished(
    store::Tx& tx, std::string_view name,
    const std::vector<std::string>& locales);
// The same, or NOT_FOUND.
TemplateVersion RequirePublished(store::Tx& tx, std::string_view name,
                                 const std::vector<std::string>& locales);

void InsertMessage(store::Tx& tx, const RenderedText& text);

// At most `limit` messages of a user whose id is less than `before` (all when
// it is empty), the newest first.
std::vector<RenderedText> ListMessages(store::Tx& tx, std::string_view user_id,
                                       std::string_view before, int64_t limit);

void DeleteMessages(store::Tx& tx, std::string_view user_id);

// Notes that the person is gone for good, once; and whether that was noted.
void NoteErased(store::Tx& tx, std::string_view user_id, absl::Time now);
bool IsErased(store::Tx& tx, std::string_view user_id);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_STORE_H_
