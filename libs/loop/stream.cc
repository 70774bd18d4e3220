#include "loop/stream.h"

namespace millrace::loop_internal {

absl::Status WrittenAfterClose() {
  return absl::FailedPreconditionError(
      "a stream was written to after its end: Close() or Fail() was called");
}

absl::Status WriterDropped() {
  return absl::InternalError(
      "a stream was left unfinished: its writer was dropped without Close()");
}

}  // namespace millrace::loop_internal
