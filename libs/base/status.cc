#include "base/status.h"

namespace millrace {

StatusError::StatusError(absl::Status status)
    : status_(status.ok() ? absl::InternalError("an OK status was thrown")
                          : std::move(status)),
      text_(status_.ToString(absl::StatusToStringMode::kWithNoExtraData)) {}

absl::Status StatusFrom(std::exception_ptr error) {
  if (error == nullptr) return absl::OkStatus();
  try {
    std::rethrow_exception(error);
  } catch (const StatusError& e) {
    return e.status();
  } catch (const std::exception& e) {
    return absl::InternalError(e.what());
  } catch (...) {
    return absl::UnknownError("an exception of an unknown type was thrown");
  }
}

void Throw(absl::Status status) { throw StatusError(std::move(status)); }

}  // namespace millrace
