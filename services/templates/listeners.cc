#include "services/templates/listeners.h"

#include <utility>

#include "base/ids.h"
#include "base/status.h"
#include "base/strings.h"
#include "services/templates/compiled.h"
#include "services/templates/store.h"
#include "services/templates/wire.h"
#include "templates/v1/events.millrace.h"

namespace millrace::templates {

using ::templates::v1::TemplateEvents;

template <typename Payload>
Promise<void> MessageListener::Write(const Event<Payload>& event,
                                     std::string_view name) {
  co_await inbox_.Once(event.envelope, [&](store::Tx& tx) {
    if (IsErased(tx, event.payload.user_id())) return;
    auto version =
        FindPublished(tx, name, LocaleFallback(event.payload.locale()));
    if (!version) {
      Throw(absl::FailedPreconditionError(StrCat(
          "no template '", name, "' is published; put and publish one")));
    }
    const auto compiled =
        CompiledTemplate::CompileStored(tx, *std::move(version), programs_);
    const TemplateVersion& used = compiled.version();
    const RenderedText text = {
        .id = NewId(),
        .event_id = event.envelope.id,
        .user_id = event.payload.user_id(),
        .name = used.name,
        .locale = used.locale,
        .version = used.version,
        .content_type = used.content_type,
        .body = ValueOrThrow(compiled.Render(event.payload)),
        .render_time = clock_.Now()};
    InsertMessage(tx, text);
    outbox_.Emit<TemplateEvents::MessageRendered>(tx, ToRendered(text));
  });
}

Promise<void> MessageListener::OnCreated(
    const Event<::users::v1::UserCreated>& event) {
  return Write(event, kWelcome);
}

Promise<void> MessageListener::OnSuspended(
    const Event<::users::v1::UserSuspended>& event) {
  return Write(event, kSuspended);
}

Promise<void> MessageListener::OnReinstated(
    const Event<::users::v1::UserReinstated>& event) {
  return Write(event, kReinstated);
}

Promise<void> MessageListener::OnPasswordChanged(
    const Event<::users::v1::UserPasswordChanged>& event) {
  return Write(event, kPasswordChanged);
}

Promise<void> MessageListener::OnPurged(
    const Event<::users::v1::UserPurged>& event) {
  const std::string user_id = event.payload.user_id();
  co_await inbox_.Once(event.envelope, [&](store::Tx& tx) {
    DeleteMessages(tx, user_id);
    NoteErased(tx, user_id, clock_.Now());
  });
}

}  // namespace millrace::templates
