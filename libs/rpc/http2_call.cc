#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "rpc/http2_call_internal.h"
#include "rpc/http2_connection_internal.h"

namespace millrace::rpc {
namespace {

// A reply has room while less than this waits for the caller to read.
constexpr size_t kHighWater = 16 << 10;
// What the loop's timers can hold; a deadline beyond is none.
constexpr absl::Duration kLongestTimer = absl::Hours(24 * 20);
// A field counts with what HTTP/2 reckons for it (RFC 9113, 6.5.2).
constexpr size_t kFieldOverhead = 32;
// About what a call needs besides, here and in nghttp2.
constexpr size_t kCallOverhead = 1 << 10;

absl::Status NoMemory() {
  return absl::ResourceExhaustedError(
      "the server has no memory left for calls (grpc.max_memory_bytes); try "
      "again later");
}

}  // namespace

Http2Call::Http2Call(Http2Connection* connection, int32_t stream)
    : connection_(connection), stream_(stream) {}

Http2Call::~Http2Call() = default;

void Http2Call::OnField(std::string_view name, std::string_view value) {
  if (head_ == nullptr) return;  // trailers: a request has none
  Head& head = *head_;
  head.bytes += name.size() + value.size() + kFieldOverhead;
  if (head.bytes > kMaxMetadataBytes) {
    head.too_large = true;
  } else if (name == ":path") {
    head.path = value;
  } else if (name == ":method") {
    head.post = value == "POST";
  } else if (name == "content-type") {
    head.grpc = IsGrpcProto(value);
  } else if (name == "grpc-timeout") {
    head.timeout = value;
  } else if (name == "grpc-encoding") {
    head.encoding = value;
  } else if (IsMetadata(name) && !AddMetadata(name, value, &fields_)) {
    head.broken_metadata = true;
  }
}

void Http2Call::OnHeaders() {
  const std::unique_ptr<Head> head = std::move(head_);
  connection_->calls().Started();
  if (!head->post || !head->grpc) {
    // Whoever asks does not speak gRPC.
    finishing_ = true;
    connection_->SubmitLast(
        stream_, head->post
                     ? Http2Fields::PlainReply(
                           "415", "the content-type must be application/grpc")
                     : Http2Fields::PlainReply("405", "a gRPC call is a POST"));
    return;
  }
  absl::Status status = Route(head->path, connection_->calls());
  fixed_ = head->bytes + kCallOverhead;
  if (head->too_large) {
    status = absl::ResourceExhaustedError(StrCat(
        "the metadata of the call is above ", kMaxMetadataBytes, " bytes"));
  } else if (!connection_->memory().Fits(0, fixed_)) {
    status = NoMemory();
  } else if (status.ok() && head->broken_metadata) {
    status = absl::InternalError(
        "a field whose name ends in -bin has a value that is not base64");
  } else if (status.ok() && !head->timeout.empty()) {
    const std::optional<absl::Duration> timeout = ParseTimeout(head->timeout);
    if (timeout.has_value()) {
      deadline_ = absl::Now() + *timeout;
    } else {
      status = absl::InternalError(
          StrCat("grpc-timeout: '", head->timeout,
                 "' is none; it has up to eight digits and a unit of H, M, S, "
                 "m, u or n"));
    }
  }
  if (head->encoding == "gzip") {
    input_.SetCoding(Coding::kGzip);
  } else if (status.ok() && !head->encoding.empty() &&
             head->encoding != "identity") {
    status = absl::UnimplementedError(
        StrCat("grpc-encoding: '", head->encoding,
               "' is not understood; identity and gzip are"));
  }
  if (!status.ok()) {
    fields_ = {};
    fixed_ = kCallOverhead;
    Account();
    return Finish(status);
  }
  moved_ = connection_->Now();
  Account();
  input_.SetLimit(connection_->options().max_message_bytes);
  StartDeadline();
  // Answers every failure to the caller, so that nobody need await it.
  Serve(shared_from_this()).Detach();
}

void Http2Call::StartDeadline() {
  if (deadline_ == absl::InfiniteFuture()) return;
  const absl::Duration left = deadline_ - absl::Now();
  if (left > kLongestTimer) return;
  // The connection holds the call while the timer runs.
  timer_ = connection_->loop().SetTimeout(
      std::max(left, absl::ZeroDuration()) + absl::Milliseconds(1), [this] {
        Cancel(
            absl::DeadlineExceededError("the deadline of the call has passed"));
      });
}

IncomingCall Http2Call::Incoming() {
  IncomingCall incoming{.binding = target().binding,
                        .method = target().method,
                        .metadata = std::move(fields_),
                        .deadline = deadline_,
                        .signal = abort_.signal(),
                        .face = "grpc"};
  if (connection_ == nullptr) return incoming;
  incoming.peer = connection_->peer();
  incoming.peer_subject = connection_->peer_subject();
  metadata_ = ReplyMetadata::Make();
  if (target().method->kind != MethodKind::kUnary) {
    metadata_.OnSendHeaders([self = weak_from_this()] {
      const auto call = self.lock();
      if (call == nullptr || !call->alive() || call->finishing_) return;
      call->BeginReply(call->metadata_.TakeHeaders());
    });
  }
  incoming.reply = metadata_;
  return incoming;
}

Promise<std::optional<MessagePtr>> Http2Call::Read() {
  if (!alive()) return Promise<std::optional<MessagePtr>>::Reject(Death());
  Promise<std::optional<MessagePtr>> request =
      readers_.emplace_back().promise();
  Deliver({});
  ReturnWindow();
  return request;
}

void Http2Call::OnData(std::string_view bytes) {
  unread_ += bytes.size();
  if (!alive() || finishing_) {
    input_.Clear();  // nobody will read it
  } else {
    Deliver(bytes);
  }
  ReturnWindow();
}

void Http2Call::Deliver(std::string_view bytes) {
  if (readers_.empty()) return input_.Keep(bytes);
  while (Take(bytes) && !readers_.empty()) bytes = {};
}

// The next message, if `bytes` complete it. That of a unary call waits for the
// end of the requests, since there may be no second one.
bool Http2Call::Take(std::string_view bytes) {
  absl::Status error;
  if (complete_) {
    input_.Keep(bytes);
  } else {
    if (next_ == nullptr) next_.reset(target().method->request().New());
    switch (input_.Take(bytes, next_.get(), &error)) {
      case MessageInput::Got::kMessage:
        complete_ = true;
        break;
      case MessageInput::Got::kFailed:
        CancelReads(error);
        return true;
      case MessageInput::Got::kMore:
        if (connection_->memory().Fits(accounted_, Holds())) break;
        input_.Clear();
        CancelReads(NoMemory());
        return true;
    }
  }
  const bool only = target().method->kind == MethodKind::kUnary;
  if (complete_ && only && input_.size() > 0) {
    CancelReads(absl::UnimplementedError(
        StrCat("more than one request came with ", target().method->path)));
  } else if (complete_ && (!only || input_ended_)) {
    complete_ = false;
    NextReader().Resolve(std::move(next_));
  } else if (!input_ended_) {
    return false;
  } else if (input_.size() > 0) {
    CancelReads(
        absl::InternalError("the requests of the call end inside a message"));
  } else {
    NextReader().Resolve(std::nullopt);
  }
  return true;
}

size_t Http2Call::Holds() const {
  // What a message says of its size counts once somebody waits for it, and it
  // was found to be within bounds.
  const size_t expected = readers_.empty() ? 0 : input_.expected();
  return fixed_ + std::max(input_.size(), expected) + pending();
}

void Http2Call::Account() {
  const size_t now = Holds();
  if (connection_ == nullptr || now == accounted_) return;
  connection_->memory().Change(std::exchange(accounted_, now), now);
}

// What nobody reads yet holds the caller back, but for the rest of a message
// that somebody waits for.
void Http2Call::ReturnWindow() {
  Account();
  const size_t held = readers_.empty() ? input_.size() : 0;
  if (connection_ == nullptr || unread_ <= held) return;
  connection_->Consume(stream_, unread_ - held);
  unread_ = held;
}

void Http2Call::OnEnd() {
  input_ended_ = true;
  if (!readers_.empty()) Deliver({});
}

Promise<void> Http2Call::Write(const Message& reply) {
  if (!alive() || finishing_) return Promise<void>::Reject(Death());
  if (absl::Status status = Append(reply); !status.ok()) {
    return Promise<void>::Reject(std::move(status));
  }
  BeginReply(metadata_.TakeHeaders());
  if (pending() < kHighWater) return Promise<void>::Resolve();
  writing_.emplace();
  return writing_->promise();
}

absl::Status Http2Call::Append(const Message& reply) {
  const size_t before = output_.size();
  if (pending() == 0) moved_ = connection_->Now();
  if (absl::Status status = AppendMessage(reply, &output_); !status.ok()) {
    return status;
  }
  if (!connection_->memory().Fits(accounted_, Holds())) {
    output_.resize(before);
    return NoMemory();
  }
  Account();
  return absl::OkStatus();
}

void Http2Call::FinishWith(const Message& reply) {
  if (!alive() || finishing_) return;
  if (absl::Status status = Append(reply); !status.ok()) return Finish(status);
  finishing_ = true;
  SendStatus(absl::OkStatus());
}

void Http2Call::Finish(const absl::Status& status) {
  if (!alive() || std::exchange(finishing_, true)) return;
  SendStatus(status);
}

void Http2Call::BeginReply(const Metadata& headers) {
  if (std::exchange(replied_, true)) return connection_->Resume(stream_);
  Http2Fields fields = Http2Fields::ReplyHeaders();
  fields.Add(headers);
  connection_->SubmitReply(stream_, fields);
}

void Http2Call::SendStatus(const absl::Status& status) {
  const Metadata headers = metadata_.TakeHeaders();  // none once they are sent
  const bool alone = !replied_ && output_.empty() && headers.empty();
  Http2Fields fields = alone ? Http2Fields::ReplyHeaders() : Http2Fields();
  fields.AddStatus(ToWire(status));
  fields.Add(metadata_.TakeTrailers());
  if (alone) return connection_->SubmitLast(stream_, fields);
  trailers_ = std::move(fields);
  BeginReply(headers);
}

std::optional<size_t> Http2Call::NextOutput(size_t limit, bool* last) const {
  if (pending() == 0 && !trailers_.has_value()) return std::nullopt;
  const size_t size = std::min(limit, pending());
  *last = size == pending() && trailers_.has_value();
  return size;
}

void Http2Call::TakeOutput(size_t size, std::string* out) {
  out->append(output_, sent_, size);
  sent_ += size;
  moved_ = connection_->Now();
  if (sent_ == output_.size()) {
    // Of a stream's buffer the small ones are worth keeping.
    output_.clear();
    if (output_.capacity() > kHighWater) output_.shrink_to_fit();
    sent_ = 0;
  }
  Account();
  if (writing_.has_value() && pending() < kHighWater) {
    std::exchange(writing_, std::nullopt)->Resolve();
  }
}

void Http2Call::Cancel(const absl::Status& why) {
  // A status that nothing is in the way of reaches the caller; a reset would
  // overtake it.
  if (!alive() || (finishing_ && pending() == 0)) return;
  const std::shared_ptr<Http2Call> self = shared_from_this();
  ++connection_->calls().cancelled;
  const bool said = std::exchange(finishing_, true);
  // Trailers cannot overtake what waits for the caller to read.
  if (pending() > 0) {
    connection_->Reset(stream_, NGHTTP2_CANCEL);
  } else {
    SendStatus(why);
  }
  input_.Clear();
  ReturnWindow();
  Die(why, !said);
}

absl::Status Http2Call::Overdue(absl::Duration now) const {
  if (!alive() || head_ != nullptr) return absl::OkStatus();
  const ServerOptions& options = connection_->options();
  const absl::Duration waited = now - moved_;
  if (pending() > 0) {
    if (waited <= options.send_timeout || !connection_->memory().scarce()) {
      return absl::OkStatus();
    }
    return absl::ResourceExhaustedError(
        StrCat("the caller has read nothing for ",
               absl::FormatDuration(options.send_timeout),
               ", and memory for calls is scarce (grpc.max_memory_bytes)"));
  }
  if (input_ended_ || finishing_ || waited <= options.request_timeout ||
      target().method->kind == MethodKind::kClientStream ||
      target().method->kind == MethodKind::kBidi) {
    return absl::OkStatus();
  }
  return absl::DeadlineExceededError(
      StrCat("the request was not whole within ",
             absl::FormatDuration(options.request_timeout),
             " (grpc.request_timeout)"));
}

void Http2Call::OnClosed(const absl::Status& why) {
  const std::shared_ptr<Http2Call> self = shared_from_this();
  ServedCalls& calls = connection_->calls();
  const bool began = head_ == nullptr;
  connection_->memory().Change(accounted_, 0);
  connection_ = nullptr;
  if (!began) return;  // its headers never came to an end
  if (death_.ok()) {
    const bool in_order = finishing_ && pending() == 0;
    if (!in_order) ++calls.cancelled;
    Die(in_order ? absl::CancelledError("the call is over") : why, !finishing_);
  }
  calls.Ended(this);
}

void Http2Call::Die(absl::Status why, bool abort) {
  death_ = std::move(why);
  if (timer_.has_value()) std::exchange(timer_, std::nullopt)->Clear();
  CancelReads(death_);
  if (auto writing = std::exchange(writing_, std::nullopt)) {
    writing->Reject(death_);
  }
  if (abort) abort_.Abort(death_);
  replies_.Cancel(death_);
}

absl::Status Http2Call::Death() const {
  if (!death_.ok()) return death_;
  return connection_ != nullptr && !finishing_
             ? absl::OkStatus()
             : absl::CancelledError("the call is over");
}

}  // namespace millrace::rpc
