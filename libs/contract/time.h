// Between absl::Time and google.protobuf.Timestamp, absl::Duration and
// google.protobuf.Duration. Pure.
#ifndef MILLRACE_CONTRACT_TIME_H_
#define MILLRACE_CONTRACT_TIME_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>

#include "absl/time/time.h"

namespace millrace {

// Times before the year 1 and after the year 9999, which Timestamp cannot
// hold, become the nearest that it can.
inline void SetTimestamp(absl::Time time, google::protobuf::Timestamp* out) {
  const absl::Time lowest = absl::FromUnixSeconds(-62135596800);
  const absl::Time highest =
      absl::FromUnixSeconds(253402300799) + absl::Nanoseconds(999'999'999);
  time = std::clamp(time, lowest, highest);
  const int64_t seconds = absl::ToUnixSeconds(time);
  out->set_seconds(seconds);
  out->set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

inline absl::Time TimeFrom(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) +
         absl::Nanoseconds(timestamp.nanos());
}

// Of less than 292 years.
inline void SetDuration(absl::Duration duration,
                        google::protobuf::Duration* out) {
  const int64_t nanos = absl::ToInt64Nanoseconds(duration);
  out->set_seconds(nanos / 1'000'000'000);
  out->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
}

inline absl::Duration DurationFrom(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_TIME_H_
