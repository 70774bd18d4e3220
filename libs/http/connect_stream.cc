#include "http/connect_stream.h"

#include <exception>
#include <utility>

#include "base/status.h"
#include "contract/json.h"
#include "http/envelope.h"
#include "http/sse.h"
#include "http/status_mapping.h"

namespace millrace::http {
namespace {

// Few: the bytes that wait for a slow client are bounded by the connection.
constexpr size_t kHighWater = 4;

// How answers are written down.
struct Form {
  absl::StatusOr<std::string> (*item)(const Message& message, Codec codec);
  std::string (*end)(const absl::Status& status);
};

absl::StatusOr<std::string> EnvelopeItem(const Message& message, Codec codec) {
  absl::StatusOr<std::string> bytes = Encode(codec, message);
  if (!bytes.ok()) return bytes;
  return Envelope(0, *bytes);
}

absl::StatusOr<std::string> EventItem(const Message& message, Codec) {
  absl::StatusOr<std::string> json = ToJson(message);
  if (!json.ok()) return json;
  SseEvent event;
  event.data = *std::move(json);
  return FormatSse(event);
}

std::string EndEvent(const absl::Status& status) {
  SseEvent event;
  event.event = status.ok() ? "end" : "error";
  event.data = status.ok() ? "{}" : ErrorJson(status);
  return FormatSse(event);
}

// Never rejects: an error is written down, and when the client is gone there
// is nobody to tell. Lives as long as the pipe it writes to.
Promise<void> Pump(Stream<MessagePtr> answers, StreamWriter<std::string> out,
                   Codec codec, Form form) {
  absl::Status status;
  const auto gone = out.cancelled().OnAbort([&answers] { answers.Cancel(); });
  try {
    while (!out.cancelled().aborted()) {
      const std::optional<MessagePtr> answer = co_await answers.Next();
      if (!answer) break;
      co_await out.Write(ValueOrThrow(form.item(**answer, codec)));
    }
  } catch (...) {
    status = StatusFrom(std::current_exception());
  }
  if (out.cancelled().aborted()) co_return;
  try {
    co_await out.Write(form.end(status));
  } catch (const StatusError&) {
    // The client left during the last write.
  }
  out.Close();
}

Stream<std::string> Written(Stream<MessagePtr> answers, Codec codec,
                            Form form) {
  Pipe<std::string> pipe = MakePipe<std::string>(kHighWater);
  Pump(std::move(answers), pipe.writer, codec, form).Detach();
  return std::move(pipe.stream);
}

}  // namespace

absl::StatusOr<std::vector<MessagePtr>> DecodeEnvelopes(
    const MethodInfo& method, Codec codec, std::string_view body) {
  absl::StatusOr<std::vector<std::string_view>> frames = SplitEnvelopes(body);
  if (!frames.ok()) return frames.status();
  if (method.kind == MethodKind::kServerStream && frames->size() != 1) {
    return absl::InvalidArgumentError(
        "a server-streaming call takes exactly one request message");
  }
  std::vector<MessagePtr> messages;
  messages.reserve(frames->size());
  for (const std::string_view frame : *frames) {
    absl::StatusOr<MessagePtr> message = Decode(method, codec, frame);
    if (!message.ok()) return message.status();
    messages.push_back(*std::move(message));
  }
  return messages;
}

Stream<std::string> ToEnvelopes(Stream<MessagePtr> answers, Codec codec) {
  return Written(std::move(answers), codec, {EnvelopeItem, EndEnvelope});
}

Stream<std::string> ToEvents(Stream<MessagePtr> answers) {
  return Written(std::move(answers), Codec::kJson, {EventItem, EndEvent});
}

}  // namespace millrace::http
