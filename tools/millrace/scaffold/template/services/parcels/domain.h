// The rules of the parcels service. Pure: no I/O, no clock, no wire.
#ifndef SERVICES_PARCELS_DOMAIN_H_
#define SERVICES_PARCELS_DOMAIN_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace parcels {

struct Parcel {
  std::string id;  // UUIDv7: sorts by creation
  std::string owner_id;
  std::string title;
  absl::Time create_time;

  bool operator==(const Parcel&) const = default;
};

// INVALID_ARGUMENT for a title of nothing but spaces.
absl::StatusOr<Parcel> NewParcel(std::string id, std::string owner_id,
                                 std::string_view title, absl::Time now);

}  // namespace parcels

#endif  // SERVICES_PARCELS_DOMAIN_H_
