// What the service does when people come: a welcome message for each, in
// their language, rendered once per event however often it is delivered.
#ifndef MILLRACE_SERVICES_TEMPLATES_LISTENERS_H_
#define MILLRACE_SERVICES_TEMPLATES_LISTENERS_H_

#include "base/clock.h"
#include "bus/inbox.h"
#include "bus/outbox.h"
#include "users/v1/events.millrace.h"

namespace millrace::templates {

inline constexpr char kWelcomeGroup[] = "templates.welcome";

class WelcomeListener final : public ::users::v1::UserEvents::Listener {
 public:
  // Everything it is given outlives it.
  WelcomeListener(bus::Inbox& inbox, bus::Outbox& outbox, const Clock& clock)
      : inbox_(inbox), outbox_(outbox), clock_(clock) {}

  // FAILED_PRECONDITION when no welcome template is published.
  Promise<void> OnCreated(
      const Event<::users::v1::UserCreated>& event) override;

 private:
  bus::Inbox& inbox_;
  bus::Outbox& outbox_;
  const Clock& clock_;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_LISTENERS_H_
