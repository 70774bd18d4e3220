#include "services/templates/lifecycle.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "services/templates/store.h"

namespace millrace::templates {
namespace {

// What the database keeps.
absl::Time Stored(absl::Time time) {
  return absl::FromUnixMicros(absl::ToUnixMicros(time));
}

TemplateHead FindUnchanged(store::Tx& tx, const Target& target) {
  TemplateHead head = FindHead(tx, target.name, target.locale);
  ThrowIfError(CheckEtag(head, target.etag));
  return head;
}

TemplateHead FindInUse(store::Tx& tx, const Target& target) {
  TemplateHead head = FindUnchanged(tx, target);
  ThrowIfError(CheckInUse(head));
  return head;
}

void Save(store::Tx& tx, const Target& target, TemplateHead& head) {
  Touch(target.now, head);
  SaveHead(tx, head);
}

// The head that a new version is added to: it is there, or begins, or begins
// again after its versions were erased.
TemplateHead FindForNewVersion(store::Tx& tx, const Target& target) {
  auto head = TryFindHead(tx, target.name, target.locale);
  const bool is_there = head && !head->erase_time;
  if (is_there || !target.etag.empty()) return FindInUse(tx, target);
  if (!head) return {.name = target.name, .locale = target.locale};
  head->archive_time.reset();
  head->erase_time.reset();
  return *std::move(head);
}

bool IsSameText(const TemplateVersion& a, const TemplateVersion& b) {
  return a.content_type == b.content_type && a.body == b.body &&
         a.syntax == b.syntax && a.data_type == b.data_type;
}

void SetState(store::Tx& tx, TemplateVersion version, State state) {
  version.state = state;
  UpdateVersion(tx, version);
}

VersionChange PublishVersion(store::Tx& tx, const Target& target,
                             TemplateHead head, TemplateVersion version) {
  VersionChange change;
  const auto present = FindPublished(tx, target.name, {target.locale});
  if (present) {
    change.previous = present->version;
    SetState(tx, *present, State::kRetired);
  }
  version.state = State::kPublished;
  version.publish_time = Stored(target.now);
  UpdateVersion(tx, version);
  head.published_version = version.version;
  Save(tx, target, head);
  change.head = std::move(head);
  change.version = std::move(version);
  return change;
}

}  // namespace

VersionChange AddDraft(store::Tx& tx, const Target& target,
                       TemplateVersion draft) {
  TemplateHead head = FindForNewVersion(tx, target);
  // A program without heads may have added some meanwhile.
  const int64_t latest = std::max(
      head.latest_version, GreatestVersion(tx, target.name, target.locale));
  draft.name = target.name;
  draft.locale = target.locale;
  draft.version = latest + 1;
  draft.state = State::kDraft;
  draft.create_time = Stored(target.now);
  InsertVersion(tx, draft);
  head.latest_version = draft.version;
  Save(tx, target, head);
  return {.head = std::move(head), .version = std::move(draft)};
}

VersionChange ChangeDraft(store::Tx& tx, const Target& target, int64_t version,
                          const DraftEdit& edit) {
  TemplateHead head = FindInUse(tx, target);
  const TemplateVersion before =
      FindVersion(tx, target.name, target.locale, version);
  ThrowIfError(CheckDraft(before));
  TemplateVersion draft = before;
  if (!edit.content_type.empty()) draft.content_type = edit.content_type;
  if (edit.syntax != 0) draft.syntax = edit.syntax;
  if (edit.data_type) draft.data_type = *edit.data_type;
  draft.body = edit.body;
  if (IsSameText(draft, before)) {
    return {
        .head = std::move(head), .version = std::move(draft), .is_new = false};
  }
  draft.unsafe_allowed = false;  // it was for what stood there
  UpdateVersion(tx, draft);
  Save(tx, target, head);
  return {.head = std::move(head), .version = std::move(draft)};
}

VersionChange AllowUnsafe(store::Tx& tx, const Target& target,
                          int64_t version) {
  TemplateHead head = FindInUse(tx, target);
  TemplateVersion draft = FindVersion(tx, target.name, target.locale, version);
  ThrowIfError(CheckDraft(draft));
  const bool is_new = !draft.unsafe_allowed;
  if (is_new) {
    draft.unsafe_allowed = true;
    UpdateVersion(tx, draft);
    Save(tx, target, head);
  }
  return {
      .head = std::move(head), .version = std::move(draft), .is_new = is_new};
}

void RemoveDraft(store::Tx& tx, const Target& target, int64_t version) {
  TemplateHead head = FindInUse(tx, target);
  ThrowIfError(
      CheckDraft(FindVersion(tx, target.name, target.locale, version)));
  DeleteVersion(tx, target.name, target.locale, version);
  Save(tx, target, head);
}

VersionChange Publish(store::Tx& tx, const Target& target, int64_t version) {
  TemplateHead head = FindInUse(tx, target);
  TemplateVersion chosen = FindVersion(tx, target.name, target.locale, version);
  if (chosen.state == State::kPublished) {
    return {.head = std::move(head),
            .version = std::move(chosen),
            .previous = version,
            .is_new = false};
  }
  return PublishVersion(tx, target, std::move(head), std::move(chosen));
}

VersionChange RollBack(store::Tx& tx, const Target& target) {
  TemplateHead head = FindInUse(tx, target);
  const auto present = FindPublished(tx, target.name, {target.locale});
  if (!present) {
    Throw(absl::FailedPreconditionError(StrCat(
        Describe(target.name, target.locale), " has no published version")));
  }
  auto before =
      FindRetiredBefore(tx, target.name, target.locale, present->version);
  if (!before) {
    Throw(absl::FailedPreconditionError(
        StrCat(Describe(target.name, target.locale), " has no version below ",
               present->version, " that was published")));
  }
  return PublishVersion(tx, target, std::move(head), *std::move(before));
}

TemplateHead Archive(store::Tx& tx, const Target& target) {
  TemplateHead head = FindInUse(tx, target);
  const auto present = FindPublished(tx, target.name, {target.locale});
  // The rows say what is rendered, also to programs that know no heads.
  if (present) SetState(tx, *present, State::kRetired);
  head.published_version = present ? present->version : 0;
  head.archive_time = Stored(target.now);
  Save(tx, target, head);
  return head;
}

TemplateHead Restore(store::Tx& tx, const Target& target) {
  TemplateHead head = FindUnchanged(tx, target);
  ThrowIfError(CheckArchived(head));
  if (head.published_version != 0) {
    SetState(
        tx, FindVersion(tx, target.name, target.locale, head.published_version),
        State::kPublished);
  }
  head.archive_time.reset();
  Save(tx, target, head);
  return head;
}

void Erase(store::Tx& tx, const Target& target) {
  TemplateHead head = FindUnchanged(tx, target);
  ThrowIfError(CheckArchived(head));
  DeleteVersions(tx, target.name, target.locale);
  head.published_version = 0;
  head.erase_time = Stored(target.now);
  Save(tx, target, head);
}

}  // namespace millrace::templates
