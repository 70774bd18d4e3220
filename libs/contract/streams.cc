#include "contract/streams.h"

#include <memory>
#include <optional>
#include <vector>

#include "base/status.h"
#include "loop/combinators.h"

namespace millrace {
namespace {

// Ends by closing or failing the writer and never rejects, so that nobody has
// to wait for it.
Promise<void> Feed(Promise<MessagePtr> message,
                   StreamWriter<MessagePtr> writer) {
  try {
    co_await writer.Write(co_await std::move(message));
    writer.Close();
  } catch (...) {
    writer.Fail(StatusFrom(std::current_exception()));
  }
}

// A stream that is still to come. Once it is there, reading it costs nothing
// more.
class LaterSource final : public StreamSource<MessagePtr> {
 public:
  explicit LaterSource(Promise<Stream<MessagePtr>> messages) {
    // Cancelled or failed, and nobody reads: that is no unhandled rejection.
    static_cast<void>(core_->ready.Catch([](std::exception_ptr) {}));
    static_cast<void>(Open(core_, std::move(messages)));
  }

  Promise<std::optional<MessagePtr>> Next() override {
    if (core_->waiting == 0 && core_->messages.valid()) {
      return core_->messages.Next();
    }
    return ReadWhenOpen(core_);
  }

  void Cancel(absl::Status reason) override {
    core_->cancelled = reason;
    core_->messages.Cancel(reason);
    core_->opened.Reject(reason);
  }

 private:
  struct Core {
    Deferred<void> opened;
    const Promise<void> ready = opened.promise();
    Stream<MessagePtr> messages;
    absl::Status cancelled;
    int waiting = 0;  // readers that came before the stream did
  };

  static Promise<void> Open(std::shared_ptr<Core> core,
                            Promise<Stream<MessagePtr>> messages) {
    try {
      core->messages = co_await std::move(messages);
      if (core->cancelled.ok()) {
        core->opened.Resolve();
      } else {
        core->messages.Cancel(core->cancelled);
      }
    } catch (...) {
      core->opened.Reject(StatusFrom(std::current_exception()));
    }
  }

  static Promise<std::optional<MessagePtr>> ReadWhenOpen(
      std::shared_ptr<Core> core) {
    ++core->waiting;
    const absl::Status opened = co_await AsStatusOr(core->ready);
    --core->waiting;
    ThrowIfError(opened);
    ThrowIfError(core->cancelled);
    co_return co_await core->messages.Next();
  }

  const std::shared_ptr<Core> core_ = std::make_shared<Core>();
};

}  // namespace

Stream<MessagePtr> StreamOf(MessagePtr message) {
  std::vector<MessagePtr> messages;
  messages.push_back(std::move(message));
  return Stream<MessagePtr>::Of(std::move(messages));
}

Stream<MessagePtr> StreamOf(Promise<MessagePtr> message) {
  Pipe<MessagePtr> pipe = MakePipe<MessagePtr>(1);
  static_cast<void>(Feed(std::move(message), std::move(pipe.writer)));
  return std::move(pipe.stream);
}

Stream<MessagePtr> StreamOf(Promise<Stream<MessagePtr>> messages) {
  return Stream<MessagePtr>(std::make_unique<LaterSource>(std::move(messages)));
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
