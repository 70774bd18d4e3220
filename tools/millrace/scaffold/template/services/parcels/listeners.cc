#include "services/parcels/listeners.h"

#include <string>

#include "services/parcels/store.h"

namespace parcels {

// The inbox's note that the event was seen and what is done about it are one
// transaction.
millrace::Promise<void> PeopleListener::OnPurged(
    const millrace::Event<::users::v1::UserPurged>& event) {
  const std::string user_id = event.payload.user_id();
  co_await inbox_.Once(event.envelope,
                       [&](millrace::store::Tx& tx) { DeleteOf(tx, user_id); });
}

}  // namespace parcels
