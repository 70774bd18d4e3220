// What the service does when something happens to people: a message for each,
// in their language, rendered from the published template of the event's name
// once per event however often it is delivered; and when they are purged, none
// of their messages is kept, and none is rendered from an event that comes
// later, as one that is replayed.
#ifndef MILLRACE_SERVICES_TEMPLATES_LISTENERS_H_
#define MILLRACE_SERVICES_TEMPLATES_LISTENERS_H_

#include <string_view>

#include "base/clock.h"
#include "bus/inbox.h"
#include "bus/outbox.h"
#include "services/templates/program_cache.h"
#include "users/v1/events.millrace.h"

namespace millrace::templates {

// Also where the welcomes stand that older programs rendered.
inline constexpr char kMessagesGroup[] = "templates.welcome";

// The templates of the messages.
inline constexpr char kWelcome[] = "welcome";
inline constexpr char kSuspended[] = "suspended";
inline constexpr char kReinstated[] = "reinstated";
inline constexpr char kPasswordChanged[] = "password_changed";

class MessageListener final : public ::users::v1::UserEvents::Listener {
 public:
  // Everything it is given outlives it.
  MessageListener(bus::Inbox& inbox, bus::Outbox& outbox,
                  ProgramCache& programs, const Clock& clock)
      : inbox_(inbox), outbox_(outbox), programs_(programs), clock_(clock) {}

  // The template is rendered with the event's payload. FAILED_PRECONDITION when
  // it is not published in the person's locale or what it falls back to, or
  // does not compile any more: once it does, the event can be replayed.
  Promise<void> OnCreated(
      const Event<::users::v1::UserCreated>& event) override;
  Promise<void> OnSuspended(
      const Event<::users::v1::UserSuspended>& event) override;
  Promise<void> OnReinstated(
      const Event<::users::v1::UserReinstated>& event) override;
  Promise<void> OnPasswordChanged(
      const Event<::users::v1::UserPasswordChanged>& event) override;

  Promise<void> OnPurged(const Event<::users::v1::UserPurged>& event) override;

 private:
  // Renders it from `payload` and keeps it. The event outlives the promise.
  template <typename Payload>
  Promise<void> Write(const Event<Payload>& event, std::string_view name);

  bus::Inbox& inbox_;
  bus::Outbox& outbox_;
  ProgramCache& programs_;
  const Clock& clock_;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_LISTENERS_H_
