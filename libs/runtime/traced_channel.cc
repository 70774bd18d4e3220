#include "runtime/traced_channel.h"

#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/wait_note.h"

namespace millrace::runtime {
namespace {

// What the calls of a channel share, and outlive it with.
struct Callee {
  std::string target;
  SpanSink& spans;
};

// One call, from when it is made until it is told how it ended.
class CallSpan {
 public:
  CallSpan(std::shared_ptr<const Callee> callee, const MethodInfo& method,
           const TraceContext& caller)
      : callee_(std::move(callee)),
        method_(method),
        parent_(caller.span_id),
        trace_(caller.Child()),
        start_(absl::Now()) {}

  const TraceContext& trace() const { return trace_; }
  const std::string& target() const { return callee_->target; }
  // "/users.v1.UsersService/GetUser"
  std::string_view path() const { return method_.path; }

  // The first time counts.
  void End(const absl::Status& status) {
    if (std::exchange(ended_, true)) return;
    Span span;
    span.kind = Span::Kind::kCall;
    span.outcome = status.ok() ? Span::Outcome::kDone : Span::Outcome::kFailed;
    span.trace_id = trace_.trace_id;
    span.span_id = trace_.span_id;
    span.parent_id = parent_;
    span.sampled = trace_.sampled();
    span.start = start_;
    span.duration = absl::Now() - start_;
    span.code = status.code();
    span.name = method_.path.substr(1);
    span.source = callee_->target;
    span.error = MessageOf(status);
    callee_->spans.Record(span);
  }

 private:
  const std::shared_ptr<const Callee> callee_;
  const MethodInfo& method_;
  const SpanId parent_;
  const TraceContext trace_;
  const absl::Time start_;
  bool ended_ = false;
};

class TracedReplies final : public StreamSource<MessagePtr> {
 public:
  TracedReplies(Stream<MessagePtr> replies, std::shared_ptr<CallSpan> span)
      : replies_(std::move(replies)), span_(std::move(span)) {}
  ~TracedReplies() override {
    span_->End(absl::CancelledError("the replies are not read any more"));
  }

  Promise<std::optional<MessagePtr>> Next() override {
    return Follow(replies_.Next(), span_);
  }
  void Cancel(absl::Status reason) override {
    span_->End(reason);
    replies_.Cancel(std::move(reason));
  }

 private:
  static Promise<std::optional<MessagePtr>> Follow(
      Promise<std::optional<MessagePtr>> next, std::shared_ptr<CallSpan> span) {
    const WaitNote waits("call", span->target(), span->path());
    try {
      std::optional<MessagePtr> reply = co_await std::move(next);
      if (!reply.has_value()) span->End(absl::OkStatus());
      co_return reply;
    } catch (...) {
      span->End(StatusFrom(std::current_exception()));
      throw;
    }
  }

  Stream<MessagePtr> replies_;
  const std::shared_ptr<CallSpan> span_;
};

class TracedChannel final : public Channel {
 public:
  TracedChannel(std::unique_ptr<Channel> channel, std::string target,
                SpanSink& spans)
      : channel_(std::move(channel)),
        callee_(std::make_shared<Callee>(Callee{std::move(target), spans})) {}

  Promise<MessagePtr> Unary(const MethodInfo& method, const Call& call,
                            const Message& request) override {
    if (!call.context.trace.valid()) {
      return channel_->Unary(method, call, request);
    }
    return Follow(*channel_, CallSpan(callee_, method, call.context.trace),
                  method, call, request);
  }

  Stream<MessagePtr> Streaming(const MethodInfo& method, const Call& call,
                               Stream<MessagePtr> requests) override {
    if (!call.context.trace.valid()) {
      return channel_->Streaming(method, call, std::move(requests));
    }
    auto span = std::make_shared<CallSpan>(callee_, method, call.context.trace);
    Call inner = call;
    inner.context.trace = span->trace();
    return Stream<MessagePtr>(std::make_unique<TracedReplies>(
        channel_->Streaming(method, inner, std::move(requests)),
        std::move(span)));
  }

 private:
  // `call` and `request` outlive it, as they do the channel's own promise.
  static Promise<MessagePtr> Follow(Channel& channel, CallSpan span,
                                    const MethodInfo& method, const Call& call,
                                    const Message& request) {
    Call inner = call;
    inner.context.trace = span.trace();
    const WaitNote waits("call", span.target(), span.path());
    try {
      MessagePtr reply = co_await channel.Unary(method, inner, request);
      span.End(absl::OkStatus());
      co_return reply;
    } catch (...) {
      span.End(StatusFrom(std::current_exception()));
      throw;
    }
  }

  const std::unique_ptr<Channel> channel_;
  const std::shared_ptr<const Callee> callee_;
};

}  // namespace

std::unique_ptr<Channel> NewTracedChannel(std::unique_ptr<Channel> channel,
                                          std::string target, SpanSink& spans) {
  return std::make_unique<TracedChannel>(std::move(channel), std::move(target),
                                         spans);
}

}  // namespace millrace::runtime
