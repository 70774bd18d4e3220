// The methods of templates.v1.TemplatesService that change templates.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/strings.h"
#include "contract/errors.h"
#include "services/templates/check.h"
#include "services/templates/compiled.h"
#include "services/templates/data_type.h"
#include "services/templates/rpc.h"
#include "services/templates/wire.h"
#include "templates/v1/events.millrace.h"

namespace millrace::templates {

namespace v1 = ::templates::v1;
using v1::TemplateEvents;

namespace {

// Throws INVALID_ARGUMENT when the draft itself is wrong. Its partials and the
// fields of its data are for PublishTemplate to insist on.
void CheckDraftOf(const VersionChange& change) {
  std::vector<FieldViolation> wrong;
  const TemplateVersion& draft = change.version;
  const absl::Status body = CheckBody(draft);
  if (!body.ok()) wrong.push_back({"body", std::string(MessageOf(body))});
  if (!draft.data_type.empty()) {
    const absl::Status type = FindDataType(draft.data_type).status();
    if (!type.ok()) {
      wrong.push_back({"data_type", std::string(MessageOf(type))});
    }
  }
  ThrowIfError(InvalidArgument(wrong));
}

}  // namespace

template <typename Request>
Target TemplatesRpc::TargetOf(const Request& request) const {
  return {.name = request.name(),
          .locale = request.locale(),
          .etag = request.etag(),
          .now = clock_.Now()};
}

Promise<v1::Template> TemplatesRpc::PutTemplate(
    const Call& call, const v1::PutTemplateRequest& request) {
  const Target target = TargetOf(request);
  const VersionChange change =
      co_await database_.Transact(call.context, [&](store::Tx& tx) {
        VersionChange change = AddDraft(tx, target, ToVersion(request));
        CheckDraftOf(change);
        outbox_.Emit<TemplateEvents::DraftAdded>(tx, ToDraftAdded(change));
        return change;
      });
  co_return ToTemplate(change.version, change.head);
}

Promise<v1::Template> TemplatesRpc::UpdateDraft(
    const Call& call, const v1::UpdateDraftRequest& request) {
  const Target target = TargetOf(request);
  const VersionChange change =
      co_await database_.Transact(call.context, [&](store::Tx& tx) {
        VersionChange change =
            ChangeDraft(tx, target, request.version(), ToEdit(request));
        CheckDraftOf(change);
        if (change.is_new) {
          outbox_.Emit<TemplateEvents::DraftUpdated>(tx,
                                                     ToDraftUpdated(change));
        }
        return change;
      });
  co_return ToTemplate(change.version, change.head);
}

Promise<v1::DeleteDraftResponse> TemplatesRpc::DeleteDraft(
    const Call& call, const v1::DeleteDraftRequest& request) {
  const Target target = TargetOf(request);
  co_await database_.Transact(call.context, [&](store::Tx& tx) {
    RemoveDraft(tx, target, request.version());
    outbox_.Emit<TemplateEvents::DraftDeleted>(
        tx, ToDraftDeleted(target, request.version()));
  });
  co_return v1::DeleteDraftResponse();
}

Promise<v1::Template> TemplatesRpc::AllowUnsafeOutput(
    const Call& call, const v1::AllowUnsafeOutputRequest& request) {
  const Target target = TargetOf(request);
  v1::TemplateUnsafeAllowed allowed;
  const VersionChange change =
      co_await database_.Transact(call.context, [&](store::Tx& tx) {
        VersionChange change = AllowUnsafe(tx, target, request.version());
        const std::vector<Place> places = UnsafePlaces(change.version);
        if (places.empty()) {
          Throw(absl::FailedPreconditionError(
              StrCat("version ", request.version(), " of ",
                     Describe(target.name, target.locale),
                     " escapes every value: there is nothing to allow")));
        }
        allowed = ToUnsafeAllowed(change, places);
        allowed.set_reason(request.reason());
        allowed.set_allowed_by(call.context.identity.subject);
        if (change.is_new) {
          outbox_.Emit<TemplateEvents::UnsafeAllowed>(tx, allowed);
        }
        return change;
      });
  if (change.is_new) {
    logger_.Warning("a template may have values that are not escaped",
                    {{"template", target.name},
                     {"locale", target.locale},
                     {"version", StrCat(request.version())},
                     {"places", absl::StrJoin(allowed.places(), " ")},
                     {"allowed_by", allowed.allowed_by()},
                     {"reason", allowed.reason()}});
  }
  co_return ToTemplate(change.version, change.head);
}

template <typename F>
Promise<v1::Template> TemplatesRpc::PublishBy(CallContext context,
                                              std::string name, F change) {
  const VersionChange done =
      co_await database_.Transact(std::move(context), [&](store::Tx& tx) {
        VersionChange done = change(tx);
        if (done.is_new) {
          RequireSound(tx, done.version);
          outbox_.Emit<TemplateEvents::Published>(tx, ToPublished(done));
        }
        return done;
      });
  // Who published is answered by what was published, before the event comes.
  cache_.Drop(name);
  co_return ToTemplate(done.version, done.head);
}

Promise<v1::Template> TemplatesRpc::PublishTemplate(
    const Call& call, const v1::PublishTemplateRequest& request) {
  return PublishBy(call.context, request.name(),
                   [target = TargetOf(request), version = request.version()](
                       store::Tx& tx) { return Publish(tx, target, version); });
}

Promise<v1::Template> TemplatesRpc::RollBackTemplate(
    const Call& call, const v1::RollBackTemplateRequest& request) {
  return PublishBy(call.context, request.name(),
                   [target = TargetOf(request)](store::Tx& tx) {
                     return RollBack(tx, target);
                   });
}

Promise<v1::TemplateSummary> TemplatesRpc::ArchiveTemplate(
    const Call& call, const v1::ArchiveTemplateRequest& request) {
  const Target target = TargetOf(request);
  const TemplateHead head =
      co_await database_.Transact(call.context, [&](store::Tx& tx) {
        TemplateHead head = Archive(tx, target);
        outbox_.Emit<TemplateEvents::Archived>(tx, ToArchived(head));
        return head;
      });
  cache_.Drop(head.name);
  co_return ToSummary(head);
}

Promise<v1::TemplateSummary> TemplatesRpc::RestoreTemplate(
    const Call& call, const v1::RestoreTemplateRequest& request) {
  const Target target = TargetOf(request);
  const TemplateHead head =
      co_await database_.Transact(call.context, [&](store::Tx& tx) {
        TemplateHead head = Restore(tx, target);
        outbox_.Emit<TemplateEvents::Restored>(tx, ToRestored(head));
        return head;
      });
  cache_.Drop(head.name);
  co_return ToSummary(head);
}

Promise<v1::DeleteTemplateResponse> TemplatesRpc::DeleteTemplate(
    const Call& call, const v1::DeleteTemplateRequest& request) {
  const Target target = TargetOf(request);
  co_await database_.Transact(call.context, [&](store::Tx& tx) {
    Erase(tx, target);
    outbox_.Emit<TemplateEvents::Deleted>(tx, ToDeleted(target));
  });
  co_return v1::DeleteTemplateResponse();
}

}  // namespace millrace::templates
