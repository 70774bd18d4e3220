#include "http/connect_stream.h"

#include <exception>
#include <memory>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "contract/json.h"
#include "http/connect_resume.h"
#include "http/envelope.h"
#include "http/gzip.h"
#include "http/sse.h"
#include "http/status_mapping.h"
#include "loop/timer_promises.h"

namespace millrace::http {
namespace {

// Few: the bytes that wait for a slow client are bounded by the connection.
constexpr size_t kHighWater = 4;

// So many messages of a body are read before everything else that is ready has
// its turn: all are there already, and a body may hold a million.
constexpr size_t kMostInTurn = 64;

// The messages of a body whose frames were looked at.
class EnvelopeReading final : public StreamSource<MessagePtr> {
 public:
  EnvelopeReading(const MethodInfo& method, Codec codec, Coding coding,
                  size_t limit, std::string body)
      : method_(method),
        codec_(codec),
        coding_(coding),
        limit_(limit),
        body_(std::move(body)),
        rest_(body_) {}
  EnvelopeReading(const EnvelopeReading&) = delete;

  Promise<std::optional<MessagePtr>> Next() override {
    using Answer = Promise<std::optional<MessagePtr>>;
    if (!failure_.ok()) return Answer::Reject(failure_);
    if (rest_.empty()) return Answer::Resolve(std::nullopt);
    absl::StatusOr<MessagePtr> message = Read();
    if (message.ok()) {
      std::optional<MessagePtr> next = *std::move(message);
      if (number_ % kMostInTurn == 0) return YieldWith(std::move(next));
      return Answer::Resolve(std::move(next));
    }
    failure_ = message.status();
    return Answer::Reject(failure_);
  }

  void Cancel(absl::Status) override { rest_ = {}; }

 private:
  absl::StatusOr<MessagePtr> Read() {
    const absl::StatusOr<Frame> frame = TakeEnvelope(&rest_, ++number_);
    if (!frame.ok()) return frame.status();
    const absl::StatusOr<std::string> bytes =
        Expand(frame->compressed ? coding_ : Coding::kIdentity,
               std::string(frame->message), limit_);
    if (!bytes.ok()) return bytes.status();
    return Decode(method_, codec_, *bytes);
  }

  const MethodInfo& method_;
  const Codec codec_;
  const Coding coding_;
  const size_t limit_;
  const std::string body_;
  std::string_view rest_;  // of body_
  size_t number_ = 0;
  absl::Status failure_;
};

// How answers are written down.
class Writing {
 public:
  virtual ~Writing() = default;
  virtual absl::StatusOr<std::string> Item(const Message& message) = 0;
  virtual std::string End(const absl::Status& status) = 0;
};

class EnvelopeWriting final : public Writing {
 public:
  EnvelopeWriting(EnvelopeForm form, ReplyMetadata reply)
      : form_(form), reply_(std::move(reply)) {}

  absl::StatusOr<std::string> Item(const Message& message) override {
    absl::StatusOr<std::string> bytes = Encode(form_.codec, message);
    if (!bytes.ok()) return bytes;
    if (!form_.gzip || !WorthGzip(bytes->size(), form_.gzip_from)) {
      return Envelope(0, *bytes);
    }
    return Envelope(kEnvelopeCompressed, Gzip(*bytes));
  }

  std::string End(const absl::Status& status) override {
    return EndEnvelope(status, reply_.TakeTrailers());
  }

 private:
  const EnvelopeForm form_;
  const ReplyMetadata reply_;
};

class EventWriting final : public Writing {
 public:
  explicit EventWriting(bool ids) : ids_(ids) {}

  absl::StatusOr<std::string> Item(const Message& message) override {
    absl::StatusOr<std::string> json = ToJson(message);
    if (!json.ok()) return json;
    SseEvent event;
    if (ids_) {
      AnswerPosition position = PositionOf(message);
      if (position.alone) return FormatSseId(position.id);
      event.id = std::move(position.id);
    }
    event.data = *std::move(json);
    return FormatSse(event);
  }

  std::string End(const absl::Status& status) override {
    SseEvent event;
    event.event = status.ok() ? "end" : "error";
    event.data = status.ok() ? "{}" : ErrorJson(status);
    return FormatSse(event);
  }

 private:
  const bool ids_;
};

// Never rejects: an error is written down, and when the client is gone there
// is nobody to tell. Lives as long as the pipe it writes to.
Promise<void> Pump(Stream<MessagePtr> answers, StreamWriter<std::string> out,
                   std::unique_ptr<Writing> writing, Deferred<void> begun) {
  absl::Status status;
  const auto gone = out.cancelled().OnAbort([&answers] { answers.Cancel(); });
  try {
    while (!out.cancelled().aborted()) {
      const std::optional<MessagePtr> answer = co_await answers.Next();
      begun.Resolve();
      if (!answer) break;
      co_await out.Write(ValueOrThrow(writing->Item(**answer)));
    }
  } catch (...) {
    status = StatusFrom(std::current_exception());
  }
  begun.Resolve();
  if (out.cancelled().aborted()) co_return;
  try {
    co_await out.Write(writing->End(status));
  } catch (const StatusError&) {
    // The client left during the last write.
  }
  out.Close();
}

Envelopes Written(Stream<MessagePtr> answers,
                  std::unique_ptr<Writing> writing) {
  Pipe<std::string> pipe = MakePipe<std::string>(kHighWater);
  const Deferred<void> begun;
  Pump(std::move(answers), pipe.writer, std::move(writing), begun).Detach();
  return {std::move(pipe.stream), begun.promise()};
}

}  // namespace

absl::StatusOr<Stream<MessagePtr>> DecodeEnvelopes(const MethodInfo& method,
                                                   Codec codec, Coding coding,
                                                   size_t limit,
                                                   std::string body) {
  size_t count = 0;
  for (std::string_view rest = body; !rest.empty();) {
    const absl::StatusOr<Frame> frame = TakeEnvelope(&rest, ++count);
    if (!frame.ok()) return frame.status();
    if (frame->compressed && coding == Coding::kIdentity) {
      return absl::InternalError(
          StrCat("message ", count,
                 " is compressed, but Connect-Content-Encoding names nothing"));
    }
  }
  if (method.kind == MethodKind::kServerStream && count != 1) {
    return absl::UnimplementedError(
        StrCat("a server-streaming call takes exactly one request message; ",
               count, " came"));
  }
  return Stream<MessagePtr>(std::make_unique<EnvelopeReading>(
      method, codec, coding, limit, std::move(body)));
}

Envelopes ToEnvelopes(Stream<MessagePtr> answers, EnvelopeForm form,
                      ReplyMetadata reply) {
  return Written(std::move(answers),
                 std::make_unique<EnvelopeWriting>(form, std::move(reply)));
}

Stream<std::string> ToEvents(Stream<MessagePtr> answers, bool ids) {
  return Written(std::move(answers), std::make_unique<EventWriting>(ids)).body;
}

}  // namespace millrace::http
