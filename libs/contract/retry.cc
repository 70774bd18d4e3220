#include "contract/retry.h"

#include <utility>

#include "contract/errors.h"
#include "google/rpc/error_details.pb.h"

namespace millrace {

absl::Status RetryAfter(absl::Status status, absl::Duration delay) {
  const int64_t ms =
      absl::ToInt64Milliseconds(absl::Ceil(delay, absl::Milliseconds(1)));
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(ms / 1000);
  retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(ms % 1000) *
                                         1'000'000);
  return WithDetail(std::move(status), retry);
}

std::optional<absl::Duration> RetryDelay(const absl::Status& status) {
  google::rpc::RetryInfo retry;
  if (!GetDetail(status, &retry) || !retry.has_retry_delay()) {
    return std::nullopt;
  }
  return absl::Seconds(retry.retry_delay().seconds()) +
         absl::Nanoseconds(retry.retry_delay().nanos());
}

int64_t WholeSeconds(absl::Duration delay) {
  return absl::ToInt64Seconds(absl::Ceil(delay, absl::Seconds(1)));
}

}  // namespace millrace
