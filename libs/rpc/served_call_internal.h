// One call that a server answers, as the coroutine that serves it sees it,
// whoever carries its bytes: grpc++ (server_call_internal.h) or nghttp2
// (http2_call_internal.h). Requests are read, replies written, one of each at a
// time. Private to rpc; loop thread only.
#ifndef MILLRACE_RPC_SERVED_CALL_INTERNAL_H_
#define MILLRACE_RPC_SERVED_CALL_INTERNAL_H_

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "contract/dispatcher.h"
#include "loop/promise.h"
#include "loop/stream.h"
#include "rpc/builtin.h"

namespace millrace::rpc {

class ServedCall;

// What a server shares with its calls; lives until the last of them is over.
struct ServedCalls {
  ServedCalls(Dispatcher& dispatcher, Logger& logger, Metrics& metrics);

  void Started();
  // Resolves `idle` when it was the last.
  void Ended(ServedCall* call);
  // Ends those that never end on their own, for a drain; health watches have
  // been told by then.
  void FinishBuiltin();

  Dispatcher& dispatcher;
  Logger& logger;
  Counter& total;
  Gauge& in_flight;
  BuiltinServices builtin;
  // Health watches and reflection: they never end a drain on their own.
  absl::flat_hash_set<ServedCall*> builtin_calls;
  int count = 0;
  int64_t cancelled = 0;
  std::optional<Deferred<void>> idle;
};

class ServedCall {
 public:
  virtual ~ServedCall() = default;

  const Target& target() const { return target_; }
  Dispatcher& dispatcher() const { return *dispatcher_; }
  // What the dispatcher is told of the call. Once.
  virtual IncomingCall Incoming() = 0;

  // The next request, nullopt after the last. Calls may overlap. Rejects when
  // the request does not decode and when the call was cancelled.
  virtual Promise<std::optional<MessagePtr>> Read() = 0;
  // Nobody wants the requests any more: who waits for one is told so.
  void CancelReads(const absl::Status& reason);
  // Resolves when the reply has room; rejects when the call is dead.
  virtual Promise<void> Write(const Message& reply) = 0;
  // Ends the call; later ones and those of a dead call do nothing.
  virtual void Finish(const absl::Status& status) = 0;
  virtual void FinishWith(const Message& reply) = 0;

  // The handler's stream is held here, so that a dead call cancels it, also
  // one that has died already.
  void SetReplies(Stream<MessagePtr> replies);
  // Rejects when the call is dead.
  Promise<std::optional<MessagePtr>> NextReply();
  void CancelReplies() { replies_.Cancel(); }

 protected:
  using Reader = Deferred<std::optional<MessagePtr>>;

  // Finds whose method `path` is. UNIMPLEMENTED naming it when it is nobody's.
  absl::Status Route(std::string_view path, ServedCalls& calls);
  // OK while the call can be answered.
  virtual absl::Status Death() const = 0;

  // The first who waits for a request; there is one.
  Reader NextReader();

  Stream<MessagePtr> replies_;
  // Who waits for requests, of whom the first is being read for.
  absl::InlinedVector<Reader, 1> readers_;

 private:
  Target target_;
  Dispatcher* dispatcher_ = nullptr;
};

// Answers the call, with an error too; never rejects.
Promise<void> Serve(std::shared_ptr<ServedCall> call);

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_SERVED_CALL_INTERNAL_H_
