#include "runtime/pipeline.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "contract/access.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "runtime/authorization.h"
#include "runtime/caller_address.h"
#include "runtime/pipeline_internal.h"

namespace millrace::runtime {
namespace {

// Longer than any call should last, short enough for a timer.
constexpr absl::Duration kLongestTimer = absl::Hours(24 * 20);

bool IsUnary(const MethodInfo& method) {
  return method.kind == MethodKind::kUnary;
}

}  // namespace

ActivityRef ActivityOf(const IncomingCall& incoming,
                       const TraceContext& trace) {
  return Activity::Make({.kind = "rpc",
                         .handler = incoming.method->path.substr(1),
                         .trace_id = trace.trace_id,
                         .span_id = trace.span_id,
                         .sampled = trace.sampled()});
}

Pipeline::Scope::Scope(Pipeline& pipeline, const IncomingCall& incoming,
                       Begun begun)
    : pipeline_(pipeline),
      parent_(begun.parent),
      method_(*incoming.method),
      face_(incoming.face),
      start_(absl::Now()) {
  context.trace = std::move(begun.trace);
  context.peer = incoming.peer;
  context.address = pipeline_.AddressOf(incoming);
  pipeline_.Enter();
}

Pipeline::Scope::~Scope() {
  timer_.Clear();
  pipeline_.Leave();
}

AbortSignal Pipeline::Scope::Watch(const AbortSignal& caller,
                                   absl::Duration left) {
  left_caller_ = caller.OnAbort([controller = controller_, caller] {
    controller.Abort(caller.reason());
  });
  if (left < kLongestTimer) {
    timer_ = EventLoop::Current()->SetTimeout(left, [controller = controller_] {
      controller.Abort(absl::DeadlineExceededError(
          "the deadline passed while the call was handled"));
    });
  }
  return controller_.signal();
}

absl::Status Pipeline::Scope::Finish(absl::Status status) {
  status = pipeline_.Outward(std::move(status), *this);
  const absl::Duration took = absl::Now() - start_;
  pipeline_.stats_.Finish(
      {&method_, face_, context.peer, &context, took, status});
  if (pipeline_.options_.spans != nullptr) RecordSpan(took, status);
  return status;
}

void Pipeline::Scope::RecordSpan(absl::Duration took,
                                 const absl::Status& status) const {
  Span span;
  span.kind = Span::Kind::kRequest;
  span.outcome = status.ok() ? Span::Outcome::kDone : Span::Outcome::kFailed;
  span.trace_id = context.trace.trace_id;
  span.span_id = context.trace.span_id;
  span.parent_id = parent_;
  span.sampled = context.trace.sampled();
  span.start = start_;
  span.duration = took;
  span.code = status.code();
  span.name = method_.path.substr(1);
  span.source = face_;
  span.error = MessageOf(status);
  pipeline_.options_.spans->Record(span);
}

Pipeline::Pipeline(std::vector<const ServiceInfo*> services,
                   PipelineOptions options, const Clock& clock, Logger& logger,
                   Metrics& metrics)
    : options_(std::move(options)),
      clock_(clock),
      logger_(logger),
      stats_(options_.log, logger, metrics) {
  for (const ServiceInfo* info : services) {
    services_.push_back({info, nullptr});
    closed_.push_back("it has not started");
  }
  for (const ServiceBinding& binding : services_) {
    for (const MethodInfo& method : binding.info->methods) {
      targets_.emplace(method.path, Target{&binding, &method});
    }
  }
}

Pipeline::~Pipeline() = default;

absl::Status Pipeline::Open(const ServiceBinding& binding) {
  for (ServiceBinding& known : services_) {
    if (known.info->full_name != binding.info->full_name) continue;
    known.service = binding.service;
    return absl::OkStatus();
  }
  return absl::NotFoundError(StrCat(binding.info->full_name,
                                    " is served but not declared by the "
                                    "module; name it in Provides()"));
}

void Pipeline::Close(std::string_view service, std::string reason) {
  for (size_t i = 0; i < services_.size(); ++i) {
    if (services_[i].info->full_name != service) continue;
    services_[i].service = nullptr;
    closed_[i] = std::move(reason);
  }
}

void Pipeline::SetDefaultDeadline(absl::Duration deadline) {
  options_.default_deadline = deadline;
}

void Pipeline::Leave() {
  if (--active_ > 0) return;
  for (const auto& waiting : std::exchange(waiting_, {})) waiting.Resolve();
}

Promise<void> Pipeline::Idle() {
  if (active_ == 0) return Promise<void>::Resolve();
  return waiting_.emplace_back().promise();
}

std::optional<Target> Pipeline::Find(std::string_view path) const {
  const auto found = targets_.find(path);
  if (found == targets_.end()) return std::nullopt;
  return found->second;
}

absl::Span<const ServiceBinding> Pipeline::services() const {
  return services_;
}

Pipeline::Begun Pipeline::Begin(const IncomingCall& incoming) const {
  const auto caller = ReceivedTrace(incoming.metadata);
  if (!caller) return {NewRoot(options_.spans)};
  return {caller->Child(), caller->span_id};
}

std::string Pipeline::AddressOf(const IncomingCall& incoming) const {
  return options_.limiter == nullptr ? CallerAddress(incoming, 0)
                                     : options_.limiter->AddressOf(incoming);
}

// The stages between Prepare() and the handler, in their order.
Call Pipeline::Admit(const IncomingCall& incoming, const Message* request,
                     Scope& scope) const {
  CallContext& context = scope.context;
  context.identity = Identify(incoming);
  if (options_.limiter != nullptr) {
    ThrowIfError(options_.limiter->BySubject(context.identity));
  }
  if (!context.identity.subject.empty()) {
    const auto token = BearerToken(incoming.metadata);
    if (token.ok()) context.token = std::string(*token);
  }
  context.baggage = ListedMetadata(incoming.metadata, "baggage");
  Authorize(incoming, context.identity, request);
  LimitInFlight();
  context.deadline = DeadlineOf(incoming);
  // The requests of a stream are checked as they are read.
  if (request != nullptr) ThrowIfError(incoming.method->validate(*request));
  RequireOpen(incoming);
  return {context,
          scope.Watch(incoming.signal, context.deadline - clock_.Now()),
          Metadata(), incoming.reply};
}

Promise<MessagePtr> Pipeline::Unary(IncomingCall incoming, MessagePtr request) {
  Begun begun = Begin(incoming);
  const ActivityScope activity(ActivityOf(incoming, begun.trace));
  return Run(std::move(incoming), std::move(request), std::move(begun));
}

Promise<MessagePtr> Pipeline::Run(IncomingCall incoming, MessagePtr request,
                                  Begun begun) {
  Scope scope(*this, incoming, std::move(begun));
  MessagePtr response;
  absl::Status status;
  try {
    if (auto wait = Prepare(incoming, scope.context)) co_await *std::move(wait);
    Call call = Admit(incoming, request.get(), scope);
    call.metadata = std::move(incoming.metadata);
    const AbortSignal signal = call.signal;
    response = co_await WithSignal(Handle(InFlight(*this), std::move(incoming),
                                          std::move(call), std::move(request)),
                                   signal);
  } catch (...) {
    status = StatusFrom(std::current_exception());
  }
  status = scope.Finish(std::move(status));
  if (!status.ok()) Throw(std::move(status));
  co_return response;
}

std::optional<Promise<void>> Pipeline::Prepare(
    const IncomingCall& incoming, const CallContext& context) const {
  if (options_.limiter != nullptr) {
    ThrowIfError(options_.limiter->ByAddress(context.address));
  }
  if (!options_.prepare) return std::nullopt;
  return options_.prepare(incoming);
}

Identity Pipeline::Identify(const IncomingCall& incoming) const {
  if (!options_.identify) return {};
  return ValueOrThrow(options_.identify(incoming));
}

void Pipeline::Authorize(const IncomingCall& incoming, const Identity& identity,
                         const Message* request) const {
  if (!options_.check_access || incoming.binding == nullptr) return;
  const bool named_in_stream =
      request == nullptr && incoming.method->access.self != nullptr;
  if (named_in_stream && !identity.subject.empty()) return;
  ThrowIfError(CheckAccess(*incoming.method, identity, request));
}

Stream<MessagePtr> Pipeline::Authorized(const IncomingCall& incoming,
                                        const Identity& identity,
                                        Stream<MessagePtr> requests) const {
  if (!options_.check_access || incoming.method->access.self == nullptr) {
    return requests;
  }
  return std::move(requests).Map(
      [&method = *incoming.method, identity](MessagePtr request) {
        ThrowIfError(CheckAccess(method, identity, request.get()));
        return request;
      });
}

void Pipeline::LimitInFlight() const {
  if (options_.limiter == nullptr) return;
  ThrowIfError(options_.limiter->InFlight(in_flight_));
}

absl::Time Pipeline::DeadlineOf(const IncomingCall& incoming) const {
  const absl::Time now = clock_.Now();
  if (incoming.deadline == absl::InfiniteFuture()) {
    return IsUnary(*incoming.method) ? now + options_.default_deadline
                                     : absl::InfiniteFuture();
  }
  if (incoming.deadline <= now) {
    Throw(absl::DeadlineExceededError(
        "the deadline had passed before the call was handled"));
  }
  return incoming.deadline;
}

void Pipeline::RequireOpen(const IncomingCall& incoming) const {
  if (incoming.binding == nullptr || incoming.binding->service != nullptr) {
    return;
  }
  const size_t index = incoming.binding - services_.data();
  Throw(absl::UnavailableError(StrCat(incoming.binding->info->full_name,
                                      " is not ready: ", closed_[index])));
}

Promise<MessagePtr> Pipeline::Handle(InFlight, IncomingCall incoming, Call call,
                                     MessagePtr request) {
  co_return co_await incoming.method->unary(incoming.binding->service, call,
                                            *request);
}

absl::Status Pipeline::Outward(absl::Status status, const Scope& scope) const {
  if (options_.tell_internal_errors ||
      (status.code() != absl::StatusCode::kInternal &&
       status.code() != absl::StatusCode::kUnknown)) {
    return status;
  }
  const std::string trace_id = scope.context.trace.trace_id_hex();
  logger_.Error("a handler failed", {{"trace_id", trace_id},
                                     {"method", scope.method().path.substr(1)},
                                     {"error", MessageOf(status)}});
  return absl::InternalError(
      StrCat("internal error; the log has more under trace_id ", trace_id));
}

}  // namespace millrace::runtime
