#include "contract/reply_metadata.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "base/strings.h"

namespace millrace {
namespace {

bool IsNameByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
         c == '_' || c == '.';
}

// What says something about the message or the connection, in one of the
// protocols.
bool IsReserved(std::string_view name) {
  constexpr std::string_view kReserved[] = {
      "accept-post",       "connection",   "content-encoding",
      "content-length",    "content-type", "date",
      "keep-alive",        "te",           "trailer",
      "transfer-encoding", "upgrade",      "vary"};
  return name.starts_with("grpc-") || name.starts_with("connect-") ||
         name.starts_with("trailer-") ||
         std::find(std::begin(kReserved), std::end(kReserved), name) !=
             std::end(kReserved);
}

bool IsText(std::string_view value) {
  const auto printable = [](char c) { return c >= 0x20 && c <= 0x7e; };
  return std::all_of(value.begin(), value.end(), printable) &&
         !value.starts_with(' ') && !value.ends_with(' ');
}

// OK when the field can be sent; `name` is in lower case.
absl::Status Check(std::string_view name, std::string_view value) {
  if (name.empty() || !std::all_of(name.begin(), name.end(), IsNameByte)) {
    return absl::InvalidArgumentError(
        StrCat("\"", name.substr(0, 40),
               "\" cannot be the name of a header or trailer; use letters, "
               "digits and '-'"));
  }
  if (IsReserved(name)) {
    return absl::InvalidArgumentError(
        StrCat("the header or trailer \"", name,
               "\" belongs to the protocol; choose another name"));
  }
  if (!name.ends_with("-bin") && !IsText(value)) {
    return absl::InvalidArgumentError(StrCat(
        "the value of \"", name,
        "\" is not printable ASCII; end its name in -bin to send bytes"));
  }
  return absl::OkStatus();
}

}  // namespace

ReplyMetadata ReplyMetadata::Make() {
  ReplyMetadata reply;
  reply.state_ = std::make_shared<State>();
  return reply;
}

absl::Status ReplyMetadata::AddHeader(std::string_view name,
                                      std::string_view value) const {
  std::string lower = absl::AsciiStrToLower(ToAbsl(name));
  if (absl::Status status = Check(lower, value); !status.ok()) return status;
  if (state_ == nullptr) return absl::OkStatus();
  if (state_->sent) {
    return absl::FailedPreconditionError(
        StrCat("the header \"", lower,
               "\" comes after the headers were sent; add it before the first "
               "answer, or as a trailer"));
  }
  state_->headers.emplace_back(std::move(lower), value);
  return absl::OkStatus();
}

absl::Status ReplyMetadata::AddTrailer(std::string_view name,
                                       std::string_view value) const {
  std::string lower = absl::AsciiStrToLower(ToAbsl(name));
  if (absl::Status status = Check(lower, value); !status.ok()) return status;
  if (state_ != nullptr) state_->trailers.emplace_back(std::move(lower), value);
  return absl::OkStatus();
}

void ReplyMetadata::SendHeaders() const {
  if (state_ == nullptr || state_->sent || !state_->send) return;
  std::exchange(state_->send, nullptr)();
}

Metadata ReplyMetadata::TakeHeaders() const {
  if (state_ == nullptr) return {};
  state_->sent = true;
  return std::exchange(state_->headers, {});
}

Metadata ReplyMetadata::TakeTrailers() const {
  return state_ == nullptr ? Metadata() : std::exchange(state_->trailers, {});
}

void ReplyMetadata::OnSendHeaders(std::function<void()> send) const {
  if (state_ != nullptr) state_->send = std::move(send);
}

}  // namespace millrace
