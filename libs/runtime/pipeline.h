// What every call goes through, whichever face it came in by, in this order:
//
//   trace      the caller's trace goes on as a child span, sampled when the
//              caller's is, or a new one begins; what the call does from here
//              on is its activity (loop/activity.h)
//   address    where the call comes from, and how often this one may call;
//              first of all, because to find out who calls is what costs most
//              of a call that is refused
//   identity   who calls
//   subject    how often this one may call
//   access     whether the contract lets them, where that is asked
//   in flight  not too many calls at once
//   deadline   the caller's, or the default
//   validate   the rules of the request
//   handler    which is left behind when the deadline passes or the caller goes
//   errors     what is nobody's business outside becomes INTERNAL
//   metrics and the access log
//
// A route that is no method of a contract (Plain()) passes the same stages, but
// for those that ask the contract: access and validation. It is counted and
// logged as "GET /users/:id", by its pattern.
//
// Loop thread only. Everything it is given outlives it; the calls do not
// outlive it: wait for Idle().
#ifndef MILLRACE_RUNTIME_PIPELINE_H_
#define MILLRACE_RUNTIME_PIPELINE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/logger.h"
#include "base/span.h"
#include "contract/dispatcher.h"
#include "loop/abort.h"
#include "runtime/call_limiter.h"
#include "runtime/call_stats.h"

namespace millrace::runtime {

struct PipelineOptions {
  // Of unary calls that have none; streams may last.
  absl::Duration default_deadline = absl::Seconds(30);
  CallLog log = CallLog::kAll;

  // What has to be waited for before `identify` can tell; usually nothing.
  // Never rejects.
  std::function<std::optional<Promise<void>>(const IncomingCall&)> prepare;
  // Tells who calls; everybody is anonymous without it.
  std::function<absl::StatusOr<Identity>(const IncomingCall&)> identify;
  // Whether what contracts say of who may call is held to; else everybody may.
  bool check_access = false;
  // Refuses calls that are too many. Outlives the pipeline, and may be other
  // pipelines' too. Null: none are.
  CallLimiter* limiter = nullptr;

  // Whether callers are told what INTERNAL and UNKNOWN errors say; else only
  // the log is. For tests.
  bool tell_internal_errors = false;

  // Is told of each call when it ends. Outlives the pipeline. Null: nobody is.
  SpanSink* spans = nullptr;
};

class Pipeline final : public Dispatcher {
 public:
  // Knows `services` from the start; each is UNAVAILABLE until Open().
  Pipeline(std::vector<const ServiceInfo*> services, PipelineOptions options,
           const Clock& clock, Logger& logger, Metrics& metrics);
  ~Pipeline() override;

  // Calls reach the service from now on. NOT_FOUND when it is none of
  // `services`.
  absl::Status Open(const ServiceBinding& binding);
  // Calls are refused from now on, with this sentence.
  void Close(std::string_view service, std::string reason);

  // Streams that still run end with UNAVAILABLE, as some would never end by
  // themselves, and new ones do, too.
  void EndStreams();

  // From the next call on; the rest of the options stays.
  void SetDefaultDeadline(absl::Duration deadline);
  void SetLog(CallLog log) { stats_.SetLog(log); }

  // Handlers that run, those included that were left behind.
  int in_flight() const { return in_flight_; }
  // Resolves when no handler runs and every call is answered.
  Promise<void> Idle();

  // What is no call of a contract: what a route of a module is answered by.
  // Gives what the call ended with, for metrics and log alone.
  using PlainHandler = std::function<Promise<absl::Status>(const Call&)>;
  // What such a route is called in metrics, spans and log: "GET /users/:id".
  // Lives as long as the pipeline.
  const MethodInfo& AddPlain(std::string name);
  // A call of `incoming.method`, which AddPlain() gave. Resolves when `handler`
  // has; rejects with what keeps it from running, or what it fails with. It
  // may still run after that: it owns what it needs.
  Promise<void> Plain(IncomingCall incoming, PlainHandler handler);

  // Dispatcher.
  std::optional<Target> Find(std::string_view path) const override;
  Promise<MessagePtr> Unary(IncomingCall incoming, MessagePtr request) override;
  Stream<MessagePtr> Streaming(IncomingCall incoming,
                               Stream<MessagePtr> requests) override;
  absl::Span<const ServiceBinding> services() const override;

 private:
  class Scope;
  class InFlight;
  class StreamCall;
  class StreamAnswers;
  // The span of a call, and the caller's.
  struct Begun {
    TraceContext trace;
    SpanId parent{};
  };

  Begun Begin(const IncomingCall& incoming) const;
  // Without a limiter nobody tells of proxies.
  std::string AddressOf(const IncomingCall& incoming) const;
  // The whole of a unary call, whose trace has begun.
  Promise<MessagePtr> Run(IncomingCall incoming, MessagePtr request,
                          Begun begun);
  Promise<void> RunPlain(IncomingCall incoming, PlainHandler handler,
                         Begun begun);
  // The first of the stages; gives what has to be waited for before the others.
  std::optional<Promise<void>> Prepare(const IncomingCall& incoming,
                                       const CallContext& context) const;
  Call Admit(const IncomingCall& incoming, const Message* request,
             Scope& scope) const;
  Identity Identify(const IncomingCall& incoming) const;
  // Of a stream that is for whom its request names, only that somebody is
  // known: Authorized() looks at the request.
  void Authorize(const IncomingCall& incoming, const Identity& identity,
                 const Message* request) const;
  Stream<MessagePtr> Authorized(const IncomingCall& incoming,
                                const Identity& identity,
                                Stream<MessagePtr> requests) const;
  void LimitInFlight() const;
  absl::Time DeadlineOf(const IncomingCall& incoming) const;
  void RequireOpen(const IncomingCall& incoming) const;
  // The handler, and what it may refer to.
  static Promise<MessagePtr> Handle(InFlight running, IncomingCall incoming,
                                    Call call, MessagePtr request);
  static Promise<absl::Status> HandlePlain(InFlight running,
                                           PlainHandler handler, Call call);
  void Enter() { ++active_; }
  void Leave();
  // What the caller is told.
  absl::Status Outward(absl::Status status, const Scope& scope) const;

  PipelineOptions options_;
  const Clock& clock_;
  Logger& logger_;
  CallStats stats_;
  std::vector<ServiceBinding> services_;
  std::vector<std::string> closed_;  // why, by service
  absl::flat_hash_map<std::string_view, Target> targets_;
  // Methods without messages.
  struct PlainMethod {
    std::string path;
    MethodInfo info;
  };
  std::vector<std::unique_ptr<const PlainMethod>> plain_;
  int in_flight_ = 0;  // handlers
  int active_ = 0;     // handlers and answers that are under way
  std::vector<Deferred<void>> waiting_;  // for idleness
  absl::flat_hash_set<StreamCall*> streams_;
  absl::Status
      streams_end_;  // why there are to be none any more; OK until then
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_PIPELINE_H_
