// The one error type of the platform: absl::Status, and how it travels where
// a value cannot be returned.
//
// Synchronous functions return absl::Status or absl::StatusOr. Coroutines and
// transaction bodies throw StatusError instead, so that `co_await` and a
// rollback need no ceremony. Typed details ride along as payloads whose key is
// the type URL of the detail's message. Everything here is thread-safe.
#ifndef MILLRACE_BASE_STATUS_H_
#define MILLRACE_BASE_STATUS_H_

#include <exception>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millrace {

// A non-OK status as an exception.
class StatusError : public std::exception {
 public:
  // `status` must not be OK; an OK one becomes INTERNAL.
  explicit StatusError(absl::Status status);

  const absl::Status& status() const { return status_; }
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  absl::Status status_;
  std::string text_;
};

// The status an exception stands for: a StatusError's own, INTERNAL with the
// text of any other std::exception, UNKNOWN for the rest.
absl::Status StatusFrom(std::exception_ptr error);

[[noreturn]] void Throw(absl::Status status);

inline void ThrowIfError(const absl::Status& status) {
  if (!status.ok()) Throw(status);
}

template <typename T>
T ValueOrThrow(absl::StatusOr<T> value) {
  if (!value.ok()) Throw(std::move(value).status());
  return *std::move(value);
}

}  // namespace millrace

#endif  // MILLRACE_BASE_STATUS_H_
