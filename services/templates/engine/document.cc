#include "services/templates/engine/document.h"

#include <algorithm>

#include "base/strings.h"
#include "contract/json_check.h"
#include "contract/utf8.h"
#include "services/templates/engine/message_reader.h"

namespace millrace::templates {
namespace {

absl::Status TooLarge(size_t size, size_t bound) {
  return absl::ResourceExhaustedError(
      StrCat("the data has ", size, " bytes; at most ", bound, " are read"));
}

// Sizes of values are 32 bits wide.
size_t ByteBound(const DataBounds& bounds) {
  return std::min<size_t>(bounds.bytes, size_t{1} << 30);
}

}  // namespace

absl::Status Document::ReadJson(std::string_view text,
                                const DataBounds& bounds) {
  arena_.Reset();
  root_ = {};
  if (text.size() > ByteBound(bounds)) {
    return TooLarge(text.size(), ByteBound(bounds));
  }
  if (FirstInvalidUtf8(text) == text.size()) {
    const std::string_view copy(arena_.CopyText(text), text.size());
    const auto value = json_.Read(copy, bounds.depth, &arena_);
    if (value) {
      root_ = *value;
      return absl::OkStatus();
    }
  }
  const absl::Status wrong = CheckJson(text, {.max_depth = bounds.depth});
  if (!wrong.ok()) return wrong;
  return absl::InvalidArgumentError(
      "the data has a number that is larger than any that can be rendered");
}

absl::Status Document::ReadMessage(const google::protobuf::Message& message,
                                   const DataBounds& bounds) {
  arena_.Reset();
  root_ = {};
  const size_t size = message.ByteSizeLong();
  if (size > ByteBound(bounds)) return TooLarge(size, ByteBound(bounds));
  const auto value = MessageReader(bounds.depth, &arena_).Read(message);
  if (!value.ok()) return value.status();
  root_ = *value;
  return absl::OkStatus();
}

}  // namespace millrace::templates
