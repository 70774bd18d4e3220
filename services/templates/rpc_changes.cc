// The methods of templates.v1.TemplatesService that change templates.
#include <utility>

#include "base/status.h"
#include "contract/errors.h"
#include "services/templates/compiled.h"
#include "services/templates/rpc.h"
#include "services/templates/wire.h"
#include "templates/v1/events.millrace.h"

namespace millrace::templates {

namespace v1 = ::templates::v1;
using v1::TemplateEvents;

template <typename Request>
Target TemplatesRpc::TargetOf(const Request& request) const {
  return {.name = request.name(),
          .locale = request.locale(),
          .etag = request.etag(),
          .now = clock_.Now()};
}

Promise<void> TemplatesRpc::CheckCompiles(std::string content_type,
                                          std::string body,
                                          AbortSignal signal) {
  TemplateVersion version;
  if (!content_type.empty()) version.content_type = std::move(content_type);
  version.body = std::move(body);
  absl::Status status;
  try {
    co_await CompileAside(loop_, std::move(version), std::move(signal));
  } catch (const StatusError& error) {
    status = error.status();
  }
  if (status.ok()) co_return;
  if (status.code() != absl::StatusCode::kInvalidArgument) Throw(status);
  Throw(InvalidArgument({{"body", std::string(MessageOf(status))}}));
}

Promise<v1::Template> TemplatesRpc::PutTemplate(
    const Call& call, const v1::PutTemplateRequest& request) {
  co_await CheckCompiles(request.content_type(), request.body(), call.signal);
  const Target target = TargetOf(request);
  TemplateVersion draft;
  if (!request.content_type().empty()) {
    draft.content_type = request.content_type();
  }
  draft.body = request.body();
  const VersionChange change =
      co_await database_.Transact(call.context, [&](store::Tx& tx) {
        VersionChange change = AddDraft(tx, target, draft);
        outbox_.Emit<TemplateEvents::DraftAdded>(tx, ToDraftAdded(change));
        return change;
      });
  co_return ToTemplate(change.version, change.head);
}

Promise<v1::Template> TemplatesRpc::UpdateDraft(
    const Call& call, const v1::UpdateDraftRequest& request) {
  co_await CheckCompiles(request.content_type(), request.body(), call.signal);
  const Target target = TargetOf(request);
  const VersionChange change =
      co_await database_.Transact(call.context, [&](store::Tx& tx) {
        VersionChange change =
            ChangeDraft(tx, target, request.version(), request.content_type(),
                        request.body());
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

template <typename F>
Promise<v1::Template> TemplatesRpc::PublishBy(CallContext context,
                                              std::string name, F change) {
  const VersionChange done =
      co_await database_.Transact(std::move(context), [&](store::Tx& tx) {
        VersionChange done = change(tx);
        if (done.is_new) {
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
