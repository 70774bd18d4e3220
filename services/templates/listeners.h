// What the service does when something happens to people: a message for each,
// in their language, rendered from the published template of the event's name
// once per event however often it is delivered; and when they are purged, none
// of their messages is kept.
#ifndef MILLRACE_SERVICES_TEMPLATES_LISTENERS_H_
#define MILLRACE_SERVICES_TEMPLATES_LISTENERS_H_

#include <google/protobuf/struct.pb.h>

#include <string>

#include "base/clock.h"
#include "bus/inbox.h"
#include "bus/outbox.h"
#include "services/templates/domain.h"
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
  MessageListener(bus::Inbox& inbox, bus::Outbox& outbox, const Clock& clock)
      : inbox_(inbox), outbox_(outbox), clock_(clock) {}

  // FAILED_PRECONDITION when the template is not published in the person's
  // locale or what it falls back to: once it is, the event can be replayed.
  Promise<void> OnCreated(
      const Event<::users::v1::UserCreated>& event) override;
  // The template also knows the `reason`.
  Promise<void> OnSuspended(
      const Event<::users::v1::UserSuspended>& event) override;
  Promise<void> OnReinstated(
      const Event<::users::v1::UserReinstated>& event) override;
  Promise<void> OnPasswordChanged(
      const Event<::users::v1::UserPasswordChanged>& event) override;

  Promise<void> OnPurged(const Event<::users::v1::UserPurged>& event) override;

 private:
  struct Message {
    std::string name;  // of the template
    Recipient recipient;
    google::protobuf::Struct data;
  };

  // Renders and keeps it. The envelope outlives the promise.
  Promise<void> Write(const EventEnvelope& envelope, Message message);

  bus::Inbox& inbox_;
  bus::Outbox& outbox_;
  const Clock& clock_;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_LISTENERS_H_
