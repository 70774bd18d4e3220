#include "http/response_writer.h"

#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include "base/status.h"
#include "http/serializer.h"
#include "loop/event_loop.h"

namespace millrace::http {
namespace {

// A larger body is written by itself in place of being copied.
constexpr size_t kCopyLimit = 32 << 10;

bool MayHaveBody(int status) { return status != 204 && status != 304; }

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
  framing.chunked = text == nullptr && !form.http10;
  if (!MayHaveBody(response.status)) {
    framing.chunked = false;
  } else if (text != nullptr) {
    framing.length = text->size();
  }
  const absl::Status status =
      AppendHead(response.status, response.headers, framing, date, &output_);
  if (!status.ok()) return status;
  const bool bodiless = form.head_only || !MayHaveBody(response.status);
  if (text == nullptr) {
    if (!bodiless) {
      SendBody(std::move(std::get<Stream<std::string>>(response.body)),
               framing.chunked);
    }
  } else if (!bodiless && text->size() <= kCopyLimit) {
    output_.append(*text);
  } else if (!bodiless) {
    WriteOut();
    output_ = std::move(*text);
  }
  Schedule();
  return absl::OkStatus();
}

void ResponseWriter::SendBody(Stream<std::string> body, bool chunked) {
  body_ = std::move(body);
  streaming_ = true;
  const Promise<void> pump = Pump(shared_from_this(), chunked);
  (void)pump;  // never rejects; Stop() ends it
}

Promise<void> ResponseWriter::Pump(std::shared_ptr<ResponseWriter> self,
                                   bool chunked) {
  absl::Status broken;
  try {
    while (self->owner_ != nullptr) {
      std::optional<std::string> data = co_await self->body_.Next();
      if (!data || self->owner_ == nullptr) break;
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
  self->streaming_ = false;
  if (self->owner_ == nullptr) co_return;
  if (!broken.ok()) {
    self->owner_->OnBroken(broken);
    co_return;
  }
  if (chunked) self->Append(kLastChunk);
  self->owner_->OnProgress();
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
  ++writes_;
  const Promise<void> watch = AwaitWritten(
      shared_from_this(), socket_->Write(std::exchange(output_, {})));
  (void)watch;  // never rejects
}

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
