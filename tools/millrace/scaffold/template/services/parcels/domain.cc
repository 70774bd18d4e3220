#include "services/parcels/domain.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "base/strings.h"

namespace parcels {

absl::StatusOr<Parcel> NewParcel(std::string id, std::string owner_id,
                                 std::string_view title, absl::Time now) {
  const std::string stripped(
      absl::StripAsciiWhitespace(millrace::ToAbsl(title)));
  if (stripped.empty()) {
    return absl::InvalidArgumentError(
        "title has nothing but spaces; give it a letter at least");
  }
  // The database keeps microseconds: what is answered now reads the same later.
  return Parcel{.id = std::move(id),
                .owner_id = std::move(owner_id),
                .title = stripped,
                .create_time = absl::FromUnixMicros(absl::ToUnixMicros(now))};
}

}  // namespace parcels
