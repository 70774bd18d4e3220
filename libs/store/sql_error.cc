#include "store/sql_error.h"

#include <utility>

#include "absl/time/time.h"
#include "contract/retry.h"

namespace millrace::store {
namespace {

constexpr absl::Duration kComeBackAfter = absl::Seconds(1);

absl::Status WithAdvice(absl::Status status) {
  if (status.code() != absl::StatusCode::kUnavailable) return status;
  return RetryAfter(std::move(status), kComeBackAfter);
}

}  // namespace

SqlError::SqlError(Fault fault, absl::Status status)
    : StatusError(WithAdvice(std::move(status))), fault_(fault) {}

}  // namespace millrace::store
