// A service as a table: what generated code says about its methods, and how
// the faces (gRPC, HTTP) call one without knowing its types.
//
// ServiceInfo and MethodInfo are constants of the generated code and live as
// long as the program. ServiceBinding does not own the service. Invokers run on
// the loop that owns the service; they fail as the handler does, with a
// rejected promise or a failed stream, and never throw.
#ifndef MILLRACE_CONTRACT_SERVICE_H_
#define MILLRACE_CONTRACT_SERVICE_H_

#include <google/protobuf/message.h>

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "contract/call.h"
#include "loop/promise.h"
#include "loop/stream.h"

namespace millrace {

using Message = google::protobuf::Message;
using MessagePtr = std::unique_ptr<Message>;

enum class MethodKind { kUnary, kServerStream, kClientStream, kBidi };

// Who may call a method, from option (millrace.v1.access); CheckAccess()
// (contract/access.h) reads it. What says nothing lets nobody in.
struct MethodAccess {
  bool anybody = false;
  bool authenticated = false;   // whoever is known
  std::string_view permission;  // whoever has it
  // The subject that may call too, or alone: whom the request is about.
  std::string_view (*self)(const Message& request) = nullptr;
};

struct MethodInfo {
  std::string_view name;  // "CreateUser"
  std::string_view path;  // "/users.v1.UsersService/CreateUser"
  MethodKind kind = MethodKind::kUnary;
  bool no_side_effects = false;  // option idempotency_level
  MethodAccess access;

  // Default instances; ->New() makes a message.
  const Message& (*request)() = nullptr;
  const Message& (*response)() = nullptr;

  // INVALID_ARGUMENT with every violation of the rules of the request. The
  // invokers below do not check: whoever calls them does, for each request.
  absl::Status (*validate)(const Message& request) = nullptr;

  // Set for kUnary. `call` and `request` must outlive the promise.
  Promise<MessagePtr> (*unary)(void* service, const Call& call,
                               const Message& request) = nullptr;

  // Set for the other kinds. A server-streaming method takes one request from
  // `requests`; a client-streaming one answers with one message.
  Stream<MessagePtr> (*stream)(void* service, const Call& call,
                               Stream<MessagePtr> requests) = nullptr;
};

struct ServiceInfo {
  std::string_view full_name;  // "users.v1.UsersService"
  absl::Span<const MethodInfo> methods;
  const google::protobuf::FileDescriptor* (*file)() = nullptr;
};

// A service and the implementation that answers for it.
struct ServiceBinding {
  const ServiceInfo* info = nullptr;
  void* service = nullptr;  // the generated interface, for example UsersService
};

// How a generated client reaches a service. Its promises and streams fail with
// the status that the service answered, or UNAVAILABLE, DEADLINE_EXCEEDED or
// CANCELLED.
class Channel {
 public:
  virtual ~Channel() = default;

  // `call` and `request` must outlive the promise.
  virtual Promise<MessagePtr> Unary(const MethodInfo& method, const Call& call,
                                    const Message& request) = 0;

  // Copies what it needs of `call`.
  virtual Stream<MessagePtr> Streaming(const MethodInfo& method,
                                       const Call& call,
                                       Stream<MessagePtr> requests) = 0;
};

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_SERVICE_H_
