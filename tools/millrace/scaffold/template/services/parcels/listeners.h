// What the service does when something happens elsewhere: when a person is
// purged, all that they have is deleted, once however often the event comes.
#ifndef SERVICES_PARCELS_LISTENERS_H_
#define SERVICES_PARCELS_LISTENERS_H_

#include "bus/inbox.h"
#include "users/v1/events.millrace.h"

namespace parcels {

// The consumer group: processes of the service share its events.
inline constexpr char kPeopleGroup[] = "parcels.people";

// Loop thread. The inbox outlives it.
class PeopleListener final : public ::users::v1::UserEvents::Listener {
 public:
  explicit PeopleListener(millrace::bus::Inbox& inbox) : inbox_(inbox) {}

  millrace::Promise<void> OnPurged(
      const millrace::Event<::users::v1::UserPurged>& event) override;

 private:
  millrace::bus::Inbox& inbox_;
};

}  // namespace parcels

#endif  // SERVICES_PARCELS_LISTENERS_H_
