#include <limits>
#include <utility>

#include "base/gzip.h"
#include "base/strings.h"
#include "rpc/http2_messages_internal.h"
#include "rpc/wire_internal.h"

namespace millrace::rpc {
namespace {

constexpr size_t kPrefix = 5;
constexpr size_t kSmall = 4 << 10;

size_t LengthIn(std::string_view prefix) {
  size_t length = 0;
  for (size_t i = 1; i < kPrefix; ++i) {
    length = length << 8 | static_cast<unsigned char>(prefix[i]);
  }
  return length;
}

}  // namespace

absl::Status AppendMessage(const Message& message, std::string* out) {
  const size_t size = message.ByteSizeLong();
  if (absl::Status fits = CheckSize(message, size); !fits.ok()) return fits;
  const size_t begin = out->size();
  out->resize(begin + kPrefix + size);
  auto* at = reinterpret_cast<uint8_t*>(out->data() + begin);
  at[0] = 0;
  for (size_t i = 0; i < 4; ++i) {
    at[1 + i] = static_cast<uint8_t>(size >> 8 * (3 - i));
  }
  message.SerializeWithCachedSizesToArray(at + kPrefix);
  return absl::OkStatus();
}

MessageInput::Got MessageInput::Take(std::string_view input, Message* message,
                                     absl::Status* error) {
  size_t used = 0;
  if (size() == 0) {
    const Got got = TakeFrom(input, message, error, &used);
    Clear();
    kept_.assign(input.substr(used));
    return got;
  }
  kept_.append(input);
  const Got got =
      TakeFrom(std::string_view(kept_).substr(begin_), message, error, &used);
  begin_ += used;
  if (begin_ == kept_.size()) {
    Clear();
  } else if (begin_ > kept_.size() / 2) {
    kept_.erase(0, std::exchange(begin_, 0));
  }
  return got;
}

// A large message leaves no large buffer behind.
void MessageInput::Clear() {
  kept_.clear();
  if (kept_.capacity() > kSmall) kept_.shrink_to_fit();
  begin_ = 0;
}

size_t MessageInput::expected() const {
  if (size() < kPrefix) return 0;
  return kPrefix + LengthIn(std::string_view(kept_).substr(begin_, kPrefix));
}

MessageInput::Got MessageInput::TakeFrom(std::string_view bytes,
                                         Message* message, absl::Status* error,
                                         size_t* used) {
  if (bytes.size() < kPrefix) return Got::kMore;
  const size_t length = LengthIn(bytes);
  const auto flag = static_cast<unsigned char>(bytes[0]);
  if (flag > 1) {
    *error = absl::InternalError(StrCat("a message begins with the flag ",
                                        static_cast<int>(flag),
                                        ", where gRPC has 0 or 1"));
  } else if (flag == 1 && coding_ == Coding::kIdentity) {
    *error = absl::InternalError(
        "a message is marked as compressed, and no grpc-encoding was named");
  } else if (length > limit_) {
    *error = absl::ResourceExhaustedError(
        StrCat("a message of ", length, " bytes is above the limit of ", limit_,
               " (max_message_bytes); send it in parts"));
  } else {
    if (bytes.size() < kPrefix + length) return Got::kMore;
    *used = kPrefix + length;
    *error = Decode(bytes.substr(kPrefix, length), flag == 1, message);
    if (error->ok()) return Got::kMessage;
  }
  return Got::kFailed;
}

absl::Status MessageInput::Decode(std::string_view bytes, bool compressed,
                                  Message* message) const {
  std::string expanded;
  if (compressed) {
    absl::StatusOr<std::string> gunzipped = Gunzip(bytes, limit_);
    if (!gunzipped.ok()) return gunzipped.status();
    expanded = *std::move(gunzipped);
    bytes = expanded;
  }
  if (bytes.size() <= static_cast<size_t>(std::numeric_limits<int>::max()) &&
      message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::OkStatus();
  }
  return NotDecoded(*message, bytes.size());
}

}  // namespace millrace::rpc
