#include "http/response_writer.h"

#include <charconv>
#include <exception>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "base/status.h"
#include "base/strings.h"
#include "http/serializer.h"
#include "loop/event_loop.h"

namespace millrace::http {
namespace {

// A larger body is sent in pieces of this size, so that a client that reads
// slowly is told from one that does not read.
constexpr size_t kPiece = 128 << 10;

// Room for answers that an idle connection keeps.
constexpr size_t kKeptOutput = 1 << 10;

bool MayHaveBody(int status) { return status != 204 && status != 304; }

// What a handler has promised of a stream; nothing when it has not.
absl::StatusOr<std::optional<uint64_t>> PromisedLength(const Headers& headers) {
  if (!headers.Has("Content-Length")) return std::nullopt;
  const std::string text = headers.GetJoined("Content-Length");
  const char* const end = text.data() + text.size();
  uint64_t length = 0;
  const auto [rest, error] = std::from_chars(text.data(), end, length);
  if (error == std::errc() && rest == end) return length;
  return absl::InternalError(StrCat(
      "a handler set a Content-Length that is no number: \"", text, "\""));
}

// Of the next piece, or the end, of a body of `length` bytes.
void CheckLength(uint64_t length, uint64_t sent,
                 const std::optional<std::string>& piece) {
  if (piece ? piece->size() <= length - sent : sent == length) return;
  Throw(absl::DataLossError(StrCat(
      "a handler set a Content-Length of ", length, " and its stream has ",
      piece ? "more" : StrCat("only ", sent), " bytes")));
}

}  // namespace

ResponseWriter::ResponseWriter(Owner* owner,
                               std::shared_ptr<TcpConnection> socket)
    : owner_(owner), socket_(std::move(socket)) {}

void ResponseWriter::Append(std::string_view bytes) {
  output_.append(bytes);
  Schedule();
}

absl::Status ResponseWriter::Send(Response response, const ResponseForm& form,
                                  std::string_view date) {
  auto* text = std::get_if<std::string>(&response.body);
  Framing framing;
  framing.http10 = form.http10;
  framing.keep_alive = form.keep_alive;
  if (!MayHaveBody(response.status)) {
    // Neither a length nor chunks.
  } else if (text != nullptr) {
    framing.length = text->size();
  } else {
    const auto promised = PromisedLength(response.headers);
    if (!promised.ok()) return promised.status();
    framing.length = *promised;
    framing.chunked = !framing.length && !form.http10;
  }
  const absl::Status status =
      AppendHead(response.status, response.headers, framing, date, &output_);
  if (!status.ok()) return status;
  const bool bodiless = form.head_only || !MayHaveBody(response.status);
  if (text == nullptr) {
    if (!bodiless) {
      SendBody(std::move(std::get<Stream<std::string>>(response.body)),
               framing.chunked, framing.length);
    }
  } else if (!bodiless && text->size() <= kPiece) {
    output_.append(*text);
  } else if (!bodiless) {
    streaming_ = true;
    SendPieces(shared_from_this(), std::move(*text)).Detach();
  }
  Schedule();
  return absl::OkStatus();
}

void ResponseWriter::SendBody(Stream<std::string> body, bool chunked,
                              std::optional<uint64_t> length) {
  body_ = std::move(body);
  streaming_ = true;
  Pump(shared_from_this(), chunked, length).Detach();  // Stop() ends it
}

// Like Pump, never rejects.
Promise<void> ResponseWriter::SendPieces(std::shared_ptr<ResponseWriter> self,
                                         std::string body) {
  absl::Status broken;
  try {
    for (size_t at = 0; at < body.size() && self->owner_ != nullptr;
         at += kPiece) {
      self->output_.append(body, at, kPiece);
      co_await self->socket_->Write(std::exchange(self->output_, {}));
    }
  } catch (...) {
    broken = StatusFrom(std::current_exception());
  }
  self->BodySent(broken);
}

void ResponseWriter::BodySent(const absl::Status& broken) {
  streaming_ = false;
  if (owner_ == nullptr) return;
  if (broken.ok()) {
    owner_->OnProgress();
  } else {
    owner_->OnBroken(broken);
  }
}

Promise<void> ResponseWriter::Pump(std::shared_ptr<ResponseWriter> self,
                                   bool chunked,
                                   std::optional<uint64_t> length) {
  absl::Status broken;
  uint64_t sent = 0;
  try {
    while (self->owner_ != nullptr) {
      std::optional<std::string> data = co_await self->body_.Next();
      if (self->owner_ == nullptr) break;
      if (length) CheckLength(*length, sent, data);
      if (!data) break;
      sent += data->size();
      if (chunked) {
        AppendChunk(*data, &self->output_);
      } else {
        self->output_.append(*data);
      }
      std::string bytes = std::exchange(self->output_, {});
      if (!bytes.empty()) co_await self->socket_->Write(std::move(bytes));
    }
  } catch (...) {
    broken = StatusFrom(std::current_exception());
  }
  if (broken.ok() && chunked) self->Append(kLastChunk);
  self->BodySent(broken);
}

// At the end of the microtasks, so that the answers to pipelined requests go
// out together.
void ResponseWriter::Schedule() {
  if (std::exchange(scheduled_, true)) return;
  EventLoop::Current()->QueueMicrotask([self = shared_from_this()] {
    self->scheduled_ = false;
    self->WriteOut();
  });
}

void ResponseWriter::WriteOut() {
  if (output_.empty() || owner_ == nullptr) return;
  output_.erase(0, socket_->TryWrite(output_));
  if (output_.empty()) {
    if (output_.capacity() > kKeptOutput) output_ = std::string();
    return owner_->OnProgress();
  }
  Promise<void> written = socket_->Write(std::exchange(output_, {}));
  if (written.settled() && !written.rejected()) return owner_->OnProgress();
  ++writes_;
  AwaitWritten(shared_from_this(), std::move(written)).Detach();
}

// Never rejects.
Promise<void> ResponseWriter::AwaitWritten(std::shared_ptr<ResponseWriter> self,
                                           Promise<void> written) {
  absl::Status broken;
  try {
    co_await written;
  } catch (...) {
    broken = StatusFrom(std::current_exception());
  }
  --self->writes_;
  if (self->owner_ == nullptr) co_return;
  if (broken.ok()) {
    self->owner_->OnProgress();
  } else {
    self->owner_->OnBroken(broken);
  }
}

void ResponseWriter::Stop() {
  owner_ = nullptr;
  output_.clear();
  if (streaming_) body_.Cancel();
}

}  // namespace millrace::http
