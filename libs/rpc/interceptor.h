// What stands before the calls of a channel: adds to them, measures them,
// answers in their place, or refuses them.
//
//   class Tenant final : public ClientInterceptor {
//     Promise<MessagePtr> Unary(OutgoingCall call, const Message& request,
//                               NextUnary next) override {
//       call.metadata.emplace_back("x-tenant", tenant_);
//       return next(std::move(call), request);
//     }
//   };
//
// The first of a channel's interceptors is the outermost. They stand before the
// repetitions (retry.h): one call passes them once, however often it is tried.
// `next` may be called later, and more than once, as long as the promise or the
// stream that was given back has not ended; its copies may be kept as long.
//
// Loop thread only. What one throws fails the call.
#ifndef MILLRACE_RPC_INTERCEPTOR_H_
#define MILLRACE_RPC_INTERCEPTOR_H_

#include <functional>
#include <utility>

#include "contract/call.h"
#include "contract/service.h"

namespace millrace::rpc {

struct OutgoingCall {
  const MethodInfo* method = nullptr;
  Call call;
  // What goes beside the request, besides what the context of `call` stands
  // for. Names and values as in contract/reply_metadata.h; INVALID_ARGUMENT for
  // others.
  Metadata metadata;
};

class ClientInterceptor {
 public:
  using NextUnary =
      std::function<Promise<MessagePtr>(OutgoingCall, const Message&)>;
  using NextStreaming =
      std::function<Stream<MessagePtr>(OutgoingCall, Stream<MessagePtr>)>;

  virtual ~ClientInterceptor() = default;

  // `request` lives until the promise has settled. Passes the call on unless it
  // is overridden.
  virtual Promise<MessagePtr> Unary(OutgoingCall call, const Message& request,
                                    NextUnary next) {
    return next(std::move(call), request);
  }

  // For the other kinds; the same.
  virtual Stream<MessagePtr> Streaming(OutgoingCall call,
                                       Stream<MessagePtr> requests,
                                       NextStreaming next) {
    return next(std::move(call), std::move(requests));
  }
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_INTERCEPTOR_H_
