#include "http/connect_stream.h"

#include <exception>
#include <memory>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "contract/json.h"
#include "http/envelope.h"
#include "http/gzip.h"
#include "http/sse.h"
#include "http/status_mapping.h"

namespace millrace::http {
namespace {

// Few: the bytes that wait for a slow client are bounded by the connection.
constexpr size_t kHighWater = 4;

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
  absl::StatusOr<std::string> Item(const Message& message) override {
    absl::StatusOr<std::string> json = ToJson(message);
    if (!json.ok()) return json;
    SseEvent event;
    event.data = *std::move(json);
    return FormatSse(event);
  }

  std::string End(const absl::Status& status) override {
    SseEvent event;
    event.event = status.ok() ? "end" : "error";
    event.data = status.ok() ? "{}" : ErrorJson(status);
    return FormatSse(event);
  }
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

absl::StatusOr<std::vector<MessagePtr>> DecodeEnvelopes(
    const MethodInfo& method, Codec codec, Coding coding, size_t limit,
    std::string_view body) {
  const absl::StatusOr<std::vector<Frame>> frames = SplitEnvelopes(body);
  if (!frames.ok()) return frames.status();
  if (method.kind == MethodKind::kServerStream && frames->size() != 1) {
    return absl::UnimplementedError(
        StrCat("a server-streaming call takes exactly one request message; ",
               frames->size(), " came"));
  }
  std::vector<MessagePtr> messages;
  messages.reserve(frames->size());
  for (const Frame& frame : *frames) {
    if (frame.compressed && coding == Coding::kIdentity) {
      return absl::InternalError(
          StrCat("message ", messages.size() + 1,
                 " is compressed, but Connect-Content-Encoding names nothing"));
    }
    const absl::StatusOr<std::string> bytes =
        Expand(frame.compressed ? coding : Coding::kIdentity,
               std::string(frame.message), limit);
    if (!bytes.ok()) return bytes.status();
    absl::StatusOr<MessagePtr> message = Decode(method, codec, *bytes);
    if (!message.ok()) return message.status();
    messages.push_back(*std::move(message));
  }
  return messages;
}

Envelopes ToEnvelopes(Stream<MessagePtr> answers, EnvelopeForm form,
                      ReplyMetadata reply) {
  return Written(std::move(answers),
                 std::make_unique<EnvelopeWriting>(form, std::move(reply)));
}

Stream<std::string> ToEvents(Stream<MessagePtr> answers) {
  return Written(std::move(answers), std::make_unique<EventWriting>()).body;
}

}  // namespace millrace::http
