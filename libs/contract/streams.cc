#include "contract/streams.h"

#include <optional>

#include "base/status.h"

namespace millrace {
namespace {

using Writer = StreamWriter<MessagePtr>;

// These end by closing or failing the writer and never reject, so that nobody
// has to wait for them.

Promise<void> FeedOne(Promise<MessagePtr> message, Writer writer) {
  try {
    co_await writer.Write(co_await std::move(message));
    writer.Close();
  } catch (...) {
    writer.Fail(StatusFrom(std::current_exception()));
  }
}

Promise<void> FeedAll(Promise<Stream<MessagePtr>> messages, Writer writer) {
  try {
    Stream<MessagePtr> source = co_await std::move(messages);
    const auto subscription = writer.cancelled().OnAbort(
        [&source, &writer] { source.Cancel(writer.cancelled().reason()); });
    while (std::optional<MessagePtr> message = co_await source.Next()) {
      co_await writer.Write(*std::move(message));
    }
    writer.Close();
  } catch (...) {
    writer.Fail(StatusFrom(std::current_exception()));
  }
}

}  // namespace

Stream<MessagePtr> StreamOf(MessagePtr message) {
  return StreamOf(Promise<MessagePtr>::Resolve(std::move(message)));
}

Stream<MessagePtr> StreamOf(Promise<MessagePtr> message) {
  Pipe<MessagePtr> pipe = MakePipe<MessagePtr>(1);
  static_cast<void>(FeedOne(std::move(message), pipe.writer));
  return std::move(pipe.stream);
}

Stream<MessagePtr> StreamOf(Promise<Stream<MessagePtr>> messages) {
  Pipe<MessagePtr> pipe = MakePipe<MessagePtr>(1);
  static_cast<void>(FeedAll(std::move(messages), pipe.writer));
  return std::move(pipe.stream);
}

Promise<MessagePtr> TheOnlyOne(Stream<MessagePtr> messages,
                               absl::StatusCode code) {
  std::optional<MessagePtr> only = co_await messages.Next();
  if (!only) Throw(absl::Status(code, "no message came where one belongs"));
  // The end has to be seen: a failure of the call comes behind the message.
  if (co_await messages.Next()) {
    Throw(absl::Status(code, "more than one message came where one belongs"));
  }
  co_return *std::move(only);
}

}  // namespace millrace
