#include "events/event_stream.h"

#include "base/status.h"
#include "base/strings.h"

namespace millrace::events_internal {

absl::Status TooManyEvents(size_t limit) {
  return absl::ResourceExhaustedError(
      StrCat("a stream of events has ", limit,
             " unread ones and got another: read faster, raise "
             "EventStreamOptions::limit, or choose to lose some (overflow)"));
}

absl::Status NoMoreEvents() {
  return absl::AbortedError(
      "a stream of events has lost its listener: it was removed, or the "
      "emitter is gone");
}

absl::Status ErrorStatus(const std::exception_ptr& error) {
  return error != nullptr
             ? StatusFrom(error)
             : absl::UnknownError("an ErrorEvent without an error");
}

}  // namespace millrace::events_internal
