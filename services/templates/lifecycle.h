// What can be done to a template, as changes of its rows: each inside a
// transaction, all or nothing. Worker thread; throws StatusError:
//
//   NOT_FOUND            no such template or version
//   ABORTED              `etag` is given and the template has changed since
//   FAILED_PRECONDITION  the change does not fit the state it is in
#ifndef MILLRACE_SERVICES_TEMPLATES_LIFECYCLE_H_
#define MILLRACE_SERVICES_TEMPLATES_LIFECYCLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "services/templates/domain.h"
#include "store/transaction.h"

namespace millrace::templates {

// Which template, as it was read, and when it is changed.
struct Target {
  std::string name;
  std::string locale;
  std::string etag;  // empty: however it is
  absl::Time now;
};

struct VersionChange {
  TemplateHead head;
  TemplateVersion version;
  int64_t previous = 0;  // the version that was published before, or 0
  bool is_new = true;    // something was changed
};

// What becomes of a draft.
struct DraftEdit {
  std::string content_type;  // empty: as it is
  std::string body;
  int64_t syntax = 0;                    // 0: as it is
  std::optional<std::string> data_type;  // none: as it is
};

// Adds `draft` as the next version, to a template that is there or begins.
VersionChange AddDraft(store::Tx& tx, const Target& target,
                       TemplateVersion draft);
VersionChange ChangeDraft(store::Tx& tx, const Target& target, int64_t version,
                          const DraftEdit& edit);
// Of a draft, until it is changed.
VersionChange AllowUnsafe(store::Tx& tx, const Target& target, int64_t version);
void RemoveDraft(store::Tx& tx, const Target& target, int64_t version);

VersionChange Publish(store::Tx& tx, const Target& target, int64_t version);
VersionChange RollBack(store::Tx& tx, const Target& target);

TemplateHead Archive(store::Tx& tx, const Target& target);
TemplateHead Restore(store::Tx& tx, const Target& target);
void Erase(store::Tx& tx, const Target& target);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_LIFECYCLE_H_
