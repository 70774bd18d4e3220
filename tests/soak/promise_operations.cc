// Promises, coroutines, combinators, signals, task groups and streams.

#include "base/status.h"
#include "loop/abort.h"
#include "loop/stream.h"
#include "loop/task_group.h"
#include "tests/soak/soak.h"

namespace millrace::soak {
namespace {

// A kind that keeps nothing between its steps.
class Plain final : public Operations {
 public:
  Plain(Soak& soak, std::string_view name, void (*step)(Soak&))
      : soak_(soak), name_(name), step_(step) {}

  std::string_view name() const override { return name_; }
  void Step() override { step_(soak_); }

 private:
  Soak& soak_;
  const std::string_view name_;
  void (*const step_)(Soak&);
};

void Chain(Soak& soak) {
  Promise<Token> promise = soak.Soon(soak.OneIn(3));
  const Token token = soak.token();
  for (uint32_t links = soak.Below(4); links > 0; --links) {
    switch (soak.Below(4)) {
      case 0:
        promise = std::move(promise).Then([](const Token& t) { return t; });
        break;
      case 1:
        promise = std::move(promise).Catch(
            [token](const std::exception_ptr&) { return token; });
        break;
      case 2:
        promise = promise.Finally([token] {});
        break;
      default:
        promise = std::move(promise).Then(
            [&soak](const Token&) { return soak.Soon(false); });
    }
  }
  soak.Watch(std::move(promise));
}

Promise<Token> Nested(Soak& soak, Token token, uint32_t depth, bool fail) {
  if (depth == 0) {
    if (fail) Throw(absl::DataLossError("as wanted"));
    co_return token;
  }
  if (soak.OneIn(2)) {
    const Promise<Token> pending = soak.Soon(false);
    co_await pending;
  } else {
    co_await Promise<void>::Resolve();
  }
  Token inner = co_await Nested(soak, token, depth - 1, fail);
  co_return inner;
}

void Coroutine(Soak& soak) {
  soak.Watch(Nested(soak, soak.token(), soak.Below(5), soak.OneIn(4)));
}

void Combinator(Soak& soak) {
  std::vector<Promise<Token>> promises;
  for (uint32_t n = 1 + soak.Below(4); n > 0; --n) {
    promises.push_back(soak.Soon(soak.OneIn(4)));
  }
  switch (soak.Below(6)) {
    case 0:
      return soak.Watch(All(std::move(promises)));
    case 1:
      return soak.Watch(AllSettled(std::move(promises)));
    case 2:
      return soak.Watch(Any(std::move(promises)));
    case 3:
      return soak.Watch(Race(std::move(promises)));
    case 4:
      for (Promise<Token>& promise : promises) {
        soak.Watch(WithTimeout(std::move(promise), absl::Milliseconds(2)));
      }
      return;
    default: {
      const AbortController controller;
      for (Promise<Token>& promise : promises) {
        soak.Watch(WithSignal(std::move(promise), controller.signal()));
      }
      soak.Later([controller] { controller.Abort(); });
    }
  }
}

void Signals(Soak& soak) {
  const AbortController controller;
  const AbortSignal any = AbortSignal::Any(
      {controller.signal(),
       AbortSignal::Timeout(absl::Milliseconds(1 + soak.Below(3)))});
  for (uint32_t n = soak.Below(3); n > 0; --n) {
    AbortSubscription subscription = (soak.OneIn(2) ? any : controller.signal())
                                         .OnAbort([token = soak.token()] {});
    // The others go at once.
    if (soak.OneIn(2)) subscription.Keep();
  }
  soak.Begin();
  any.OnAbort([&soak, token = soak.token()] { soak.End(); }).Keep();
  soak.Later([controller, any] { controller.Abort(); });
  if (soak.OneIn(4)) {
    soak.Watch(Delay(absl::Milliseconds(1 + soak.Below(3)), any));
  }
}

Promise<void> Child(Soak& soak, [[maybe_unused]] Token token,
                    AbortSignal signal, bool fail) {
  if (soak.OneIn(2)) {
    co_await Delay(absl::Milliseconds(1 + soak.Below(3)), signal);
  } else {
    const Promise<Token> pending = soak.Soon(fail);
    co_await pending;
  }
  signal.ThrowIfAborted();
}

void Group(Soak& soak) {
  const TaskGroup group;
  const TaskGroup inner(group.signal());
  for (uint32_t n = 1 + soak.Below(3); n > 0; --n) {
    group.Spawn(Child(soak, soak.token(), group.signal(), soak.OneIn(4)));
    inner.Spawn(Child(soak, soak.token(), inner.signal(), false));
  }
  if (soak.OneIn(4)) soak.Later([group] { group.Abort(); });
  soak.Watch(inner.Join());
  soak.Watch(group.Join());
}

Promise<void> WriteMany(Soak& soak, StreamWriter<Token> writer, uint32_t count,
                        bool fail) {
  for (; count > 0; --count) {
    co_await writer.Write(soak.token());
    if (soak.OneIn(4)) co_await Promise<void>::Resolve();
  }
  if (fail) {
    writer.Fail(absl::DataLossError("as wanted"));
  } else {
    writer.Close();
  }
}

// Reads `limit` values, or all, and leaves.
Promise<void> ReadSome(Soak& soak, Stream<Token> stream, uint32_t limit) {
  while (limit-- > 0) {
    const std::optional<Token> value = co_await stream.Next();
    if (!value.has_value()) break;
    if (soak.OneIn(8)) {
      const Promise<Token> pending = soak.Soon(false);
      co_await pending;
    }
  }
}

void Streams(Soak& soak) {
  auto pipe = MakePipe<Token>(1 + soak.Below(4));
  Stream<Token> stream = std::move(pipe.stream);
  if (soak.OneIn(3)) {
    stream = std::move(stream).Map(
        [token = soak.token()](const Token& value) { return value; });
  }
  const StreamWriter<Token> writer = std::exchange(pipe.writer, {});
  soak.Watch(WriteMany(soak, writer, soak.Below(12), soak.OneIn(4)));
  soak.Watch(ReadSome(soak, std::move(stream), soak.Below(20)));
}

}  // namespace

std::vector<Weighted> PromiseOperations(Soak& soak) {
  std::vector<Weighted> all;
  const auto add = [&](uint32_t weight, std::string_view name,
                       void (*step)(Soak&)) {
    all.push_back({weight, std::make_unique<Plain>(soak, name, step)});
  };
  add(12, "promise chains", &Chain);
  add(12, "coroutines", &Coroutine);
  add(6, "combinators", &Combinator);
  add(5, "abort signals", &Signals);
  add(3, "task groups", &Group);
  add(4, "streams", &Streams);
  return all;
}

}  // namespace millrace::soak
