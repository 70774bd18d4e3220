#include "loop/channel.h"

#include "base/strings.h"

namespace millrace::loop_internal {

absl::Status ChannelIsFull(size_t capacity) {
  return absl::ResourceExhaustedError(
      StrCat("the channel is full: ", capacity, " values wait in it"));
}

absl::Status ReceiverHasEnded() {
  return absl::CancelledError("the loop that received has ended");
}

}  // namespace millrace::loop_internal
