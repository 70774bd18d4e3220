// Calls with a stream of requests, of answers, or of both.
//
// Nothing runs ahead: an answer is asked of the handler when the face asks for
// it. What there is of an open stream is one object, which the stream of
// answers shares with whoever reads for it.

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "base/status.h"
#include "runtime/pipeline_internal.h"

namespace millrace::runtime {

// Ends once: with what the handler's stream ends with, by the deadline, by the
// caller's leaving, or with all streams.
class Pipeline::StreamCall final
    : public std::enable_shared_from_this<StreamCall> {
 public:
  StreamCall(Pipeline& pipeline, const IncomingCall& incoming, Begun begun,
             ActivityRef activity)
      : pipeline_(pipeline),
        activity_(std::move(activity)),
        scope_(std::in_place, pipeline, incoming, std::move(begun)) {
    aborted_ = scope_->signal().OnAbortReason(
        [this](const absl::Status& reason) { End(reason); });
    pipeline_.streams_.insert(this);
  }

  // The stages before the handler, and then it. Never rejects.
  static Promise<void> Begin(std::shared_ptr<StreamCall> self,
                             IncomingCall incoming,
                             Stream<MessagePtr> requests) {
    try {
      if (auto wait =
              self->pipeline_.Prepare(incoming, self->scope_->context)) {
        co_await *std::move(wait);
      }
      if (self->over()) co_return;
      self->Open(std::move(incoming), std::move(requests));
    } catch (...) {
      self->End(StatusFrom(std::current_exception()));
    }
  }

  Promise<std::optional<MessagePtr>> Next() {
    const Reader reader;
    if (over()) {
      Answer(reader);
    } else {
      readers_.push_back(reader);
      // What the handler does to answer is the call's, too.
      const ActivityScope activity(activity_);
      StartReading();
    }
    return reader.promise();
  }

  void Abort(absl::Status reason) {
    if (!over()) scope_->Abort(std::move(reason));
  }

 private:
  using Reader = Deferred<std::optional<MessagePtr>>;

  bool over() const { return !scope_.has_value(); }

  void Open(IncomingCall incoming, Stream<MessagePtr> requests) {
    ThrowIfError(pipeline_.streams_end_);
    Call call = pipeline_.Admit(incoming, nullptr, *scope_);
    call.metadata = std::move(incoming.metadata);
    running_.emplace(pipeline_);
    responses_ = incoming.method->stream(
        incoming.binding->service, call,
        Validated(*incoming.method,
                  pipeline_.Authorized(incoming, call.context.identity,
                                       std::move(requests))));
    StartReading();
  }

  void StartReading() {
    if (reading_ || readers_.empty() || !responses_.valid()) return;
    reading_ = true;
    Read(shared_from_this()).Detach();
  }

  // Answers those who wait, one after the other.
  static Promise<void> Read(std::shared_ptr<StreamCall> self) {
    try {
      while (!self->readers_.empty()) {
        std::optional<MessagePtr> response = co_await self->responses_.Next();
        if (self->over()) co_return;
        if (!response.has_value()) {
          self->End(absl::OkStatus());
          co_return;
        }
        const Reader reader = std::move(self->readers_.front());
        self->readers_.erase(self->readers_.begin());
        reader.Resolve(std::move(response));
      }
      self->reading_ = false;
    } catch (...) {
      self->End(StatusFrom(std::current_exception()));
    }
  }

  void End(absl::Status status) {
    if (over()) return;
    const std::shared_ptr<StreamCall> self = shared_from_this();
    pipeline_.streams_.erase(this);
    aborted_.Remove();
    responses_.Cancel();
    running_.reset();
    status_ = scope_->Finish(std::move(status));
    for (const Reader& reader : std::exchange(readers_, {})) Answer(reader);
    scope_.reset();
    activity_ = {};
  }

  // After the end.
  void Answer(const Reader& reader) const {
    if (status_.ok()) {
      reader.Resolve(std::nullopt);
    } else {
      reader.Reject(status_);
    }
  }

  Pipeline& pipeline_;
  ActivityRef activity_;
  std::optional<Scope> scope_;  // until the end
  std::optional<InFlight> running_;
  AbortSubscription aborted_;
  Stream<MessagePtr> responses_;
  absl::InlinedVector<Reader, 1> readers_;
  bool reading_ = false;
  absl::Status status_;
};

// What the face reads.
class Pipeline::StreamAnswers final : public StreamSource<MessagePtr> {
 public:
  explicit StreamAnswers(std::shared_ptr<StreamCall> call)
      : call_(std::move(call)) {}

  Promise<std::optional<MessagePtr>> Next() override { return call_->Next(); }
  void Cancel(absl::Status) override {
    call_->Abort(absl::CancelledError("the caller is gone"));
  }

 private:
  const std::shared_ptr<StreamCall> call_;
};

Stream<MessagePtr> Pipeline::Streaming(IncomingCall incoming,
                                       Stream<MessagePtr> requests) {
  Begun begun = Begin(incoming);
  ActivityRef activity = ActivityOf(incoming, begun.trace);
  const ActivityScope scope(activity);
  auto call = std::make_shared<StreamCall>(*this, incoming, std::move(begun),
                                           std::move(activity));
  StreamCall::Begin(call, std::move(incoming), std::move(requests)).Detach();
  return Stream<MessagePtr>(std::make_unique<StreamAnswers>(std::move(call)));
}

void Pipeline::EndStreams() {
  streams_end_ = absl::UnavailableError(
      "this process ends; go on with another, or with the next");
  std::vector<std::shared_ptr<StreamCall>> calls;
  for (StreamCall* call : streams_) calls.push_back(call->shared_from_this());
  for (const auto& call : calls) call->Abort(streams_end_);
}

}  // namespace millrace::runtime
