#include "services/templates/listeners.h"

#include "base/ids.h"
#include "base/status.h"
#include "services/templates/domain.h"
#include "services/templates/store.h"
#include "services/templates/wire.h"
#include "templates/v1/events.millrace.h"

namespace millrace::templates {

using ::templates::v1::TemplateEvents;

Promise<void> WelcomeListener::OnCreated(
    const Event<::users::v1::UserCreated>& event) {
  const Recipient recipient = ToRecipient(event.payload);
  co_await inbox_.Once(event.envelope, [&](store::Tx& tx) {
    const auto version =
        FindPublished(tx, "welcome", LocaleFallback(recipient.locale));
    if (!version) {
      Throw(absl::FailedPreconditionError(
          "no template 'welcome' is published; put and publish one"));
    }
    const RenderedText text = {
        .id = NewId(),
        .event_id = event.envelope.id,
        .user_id = recipient.user_id,
        .name = version->name,
        .locale = version->locale,
        .version = version->version,
        .content_type = version->content_type,
        .body = ValueOrThrow(Render(*version, ToData(recipient))),
        .render_time = clock_.Now()};
    InsertMessage(tx, text);
    outbox_.Emit<TemplateEvents::MessageRendered>(tx, ToRendered(text));
  });
}

}  // namespace millrace::templates
