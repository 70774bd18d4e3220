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

Promise<void> MessageListener::OnCreated(
    const Event<::users::v1::UserCreated>& event) {
  const Recipient recipient = RecipientOf(event.payload);
  return Write(event.envelope, {kWelcome, recipient, ToData(recipient)});
}

Promise<void> MessageListener::OnSuspended(
    const Event<::users::v1::UserSuspended>& event) {
  const Recipient recipient = RecipientOf(event.payload);
  Message message = {kSuspended, recipient, ToData(recipient)};
  (*message.data.mutable_fields())["reason"].set_string_value(
      event.payload.reason());
  return Write(event.envelope, std::move(message));
}

Promise<void> MessageListener::OnReinstated(
    const Event<::users::v1::UserReinstated>& event) {
  const Recipient recipient = RecipientOf(event.payload);
  return Write(event.envelope, {kReinstated, recipient, ToData(recipient)});
}

Promise<void> MessageListener::OnPasswordChanged(
    const Event<::users::v1::UserPasswordChanged>& event) {
  const Recipient recipient = RecipientOf(event.payload);
  return Write(event.envelope,
               {kPasswordChanged, recipient, ToData(recipient)});
}

Promise<void> MessageListener::OnPurged(
    const Event<::users::v1::UserPurged>& event) {
  const std::string user_id = event.payload.user_id();
  co_await inbox_.Once(event.envelope,
                       [&](store::Tx& tx) { DeleteMessages(tx, user_id); });
}

Promise<void> MessageListener::Write(const EventEnvelope& envelope,
                                     Message message) {
  co_await inbox_.Once(envelope, [&](store::Tx& tx) {
    auto version = FindPublished(tx, message.name,
                                 LocaleFallback(message.recipient.locale));
    if (!version) {
      Throw(absl::FailedPreconditionError(
          StrCat("no template '", message.name,
                 "' is published; put and publish one")));
    }
    const CompiledTemplate compiled =
        ValueOrThrow(CompiledTemplate::Compile(*std::move(version)));
    const TemplateVersion& used = compiled.version();
    const RenderedText text = {
        .id = NewId(),
        .event_id = envelope.id,
        .user_id = message.recipient.user_id,
        .name = used.name,
        .locale = used.locale,
        .version = used.version,
        .content_type = used.content_type,
        .body = ValueOrThrow(compiled.Render(message.data)),
        .render_time = clock_.Now()};
    InsertMessage(tx, text);
    outbox_.Emit<TemplateEvents::MessageRendered>(tx, ToRendered(text));
  });
}

}  // namespace millrace::templates
