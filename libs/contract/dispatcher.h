// What a face hands a decoded request to. The runtime's pipeline is one: it
// adds trace, identity, limits and deadlines. DirectDispatcher adds nothing.
//
// Loop thread only. Services must outlive the dispatcher, the dispatcher the
// calls.
#ifndef MILLRACE_CONTRACT_DISPATCHER_H_
#define MILLRACE_CONTRACT_DISPATCHER_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "contract/service.h"

namespace millrace {

// A method of a service that is served here.
struct Target {
  const ServiceBinding* binding = nullptr;
  const MethodInfo* method = nullptr;
};

struct IncomingCall {
  const ServiceBinding* binding = nullptr;
  const MethodInfo* method = nullptr;
  Metadata metadata;
  absl::Time deadline = absl::InfiniteFuture();
  std::string peer;  // "ipv4:127.0.0.1:40000"
  // Whose certificate the caller has shown, which was verified; empty when
  // there is none.
  std::string peer_subject;
  AbortSignal signal;     // the caller gave up
  std::string_view face;  // "grpc" or "http"
  ReplyMetadata reply;    // for the handler; nobody's if the face has none
};

// What a caller says of the trace it is in: traceparent and tracestate. Nothing
// when there is none, when it is malformed or when there are two.
std::optional<TraceContext> ReceivedTrace(const Metadata& metadata);

// All values of `name`, which may stand in several fields, as one list.
std::string ListedMetadata(const Metadata& metadata, std::string_view name);

class Dispatcher {
 public:
  virtual ~Dispatcher() = default;

  // Nothing when no such method is served. The pointers live as long as the
  // dispatcher.
  virtual std::optional<Target> Find(std::string_view path) const = 0;

  // For kUnary. INVALID_ARGUMENT when the request breaks a rule.
  virtual Promise<MessagePtr> Unary(IncomingCall call, MessagePtr request) = 0;

  // For the other kinds. Each request is checked as it is read.
  virtual Stream<MessagePtr> Streaming(IncomingCall call,
                                       Stream<MessagePtr> requests) = 0;

  virtual absl::Span<const ServiceBinding> services() const = 0;
};

// The methods of some services by path; what dispatchers find with.
class MethodIndex {
 public:
  explicit MethodIndex(std::vector<ServiceBinding> services);
  MethodIndex(const MethodIndex&) = delete;
  MethodIndex& operator=(const MethodIndex&) = delete;

  std::optional<Target> Find(std::string_view path) const;
  absl::Span<const ServiceBinding> services() const { return services_; }

 private:
  const std::vector<ServiceBinding> services_;
  absl::flat_hash_map<std::string_view, Target> targets_;
};

// The requests, each checked by the rules of the method: the first that breaks
// one fails the stream.
Stream<MessagePtr> Validated(const MethodInfo& method,
                             Stream<MessagePtr> requests);

// Checks the rules and calls the handler, with the deadline and the signal of
// the incoming call and the trace of its metadata. For tests and benchmarks.
class DirectDispatcher final : public Dispatcher {
 public:
  explicit DirectDispatcher(std::vector<ServiceBinding> services);

  std::optional<Target> Find(std::string_view path) const override;
  Promise<MessagePtr> Unary(IncomingCall call, MessagePtr request) override;
  Stream<MessagePtr> Streaming(IncomingCall call,
                               Stream<MessagePtr> requests) override;
  absl::Span<const ServiceBinding> services() const override;

 private:
  const MethodIndex index_;
};

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_DISPATCHER_H_
