#include "loop/wait_note.h"

#include <algorithm>

#include "loop/monotonic.h"

namespace millrace {
namespace {

constinit thread_local WaitNote* first_note = nullptr;

}  // namespace

WaitNote::WaitNote(const char* kind, std::string_view what,
                   std::string_view more)
    : kind_(kind),
      activity_(ActivityRef::Current()),
      start_(loop_internal::MonotonicNs()),
      next_(first_note),
      link_(&first_note) {
  for (const std::string_view part : {what, more}) {
    const size_t bytes = std::min(part.size(), kTextBytes - size_);
    std::copy_n(part.data(), bytes, text_.data() + size_);
    size_ += static_cast<uint8_t>(bytes);
  }
  if (next_ != nullptr) next_->link_ = &next_;
  first_note = this;
}

WaitNote::~WaitNote() {
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
}

std::string WaitNote::what() const { return {text_.data(), size_}; }

void WaitNote::ForEach(absl::FunctionRef<void(const WaitNote&)> take) {
  for (const WaitNote* note = first_note; note != nullptr; note = note->next_) {
    take(*note);
  }
}

std::shared_ptr<const WaitNote> loop_internal::NoteTimer(absl::Duration delay) {
  if (Activity::Current() == nullptr) return nullptr;
  return std::make_shared<WaitNote>("timer", absl::FormatDuration(delay));
}

}  // namespace millrace
