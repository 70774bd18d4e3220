#include "loop/group_error.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "base/strings.h"

namespace millrace {
namespace {

// So many are told in the message; all are in others().
constexpr size_t kTold = 3;

absl::Status Summary(const std::exception_ptr& first,
                     const std::vector<std::exception_ptr>& others) {
  const absl::Status status = StatusFrom(first);
  std::string message(MessageOf(status));
  if (!others.empty()) {
    message += StrCat(" (and ", others.size(), " more: ");
    for (size_t i = 0; i < others.size() && i < kTold; ++i) {
      message += StrCat(i == 0 ? "" : "; ", MessageOf(StatusFrom(others[i])));
    }
    message += others.size() > kTold ? "; ...)" : ")";
  }
  absl::Status summary(status.code(), message);
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    summary.SetPayload(url, payload);
  });
  return summary;
}

}  // namespace

GroupError::GroupError(std::exception_ptr first,
                       std::vector<std::exception_ptr> others)
    : StatusError(Summary(first, others)),
      first_(std::move(first)),
      others_(std::move(others)) {}

}  // namespace millrace
