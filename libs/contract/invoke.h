// How generated code gets from a method table to a handler and from a client to
// a channel. For generated code only.
//
// Loop thread only. Errors travel in the promise or the stream; nothing throws.
#ifndef MILLRACE_CONTRACT_INVOKE_H_
#define MILLRACE_CONTRACT_INVOKE_H_

#include <google/protobuf/descriptor.h>

#include <memory>
#include <utility>

#include "contract/service.h"
#include "contract/streams.h"

namespace millrace {

template <typename M>
const Message& DefaultInstance() {
  return M::default_instance();
}

template <typename M>
const google::protobuf::FileDescriptor* FileOf() {
  return M::descriptor()->file();
}

namespace invoke_internal {

// The types in the signature of a handler.
template <typename T>
struct Inner;
template <typename M>
struct Inner<const M&> {
  using Type = M;
};
template <typename M>
struct Inner<Stream<M>> {
  using Type = M;
};

template <typename Method>
struct Signature;
template <typename S, typename Result, typename Argument>
struct Signature<Result (S::*)(const Call&, Argument)> {
  using Service = S;
  using Request = typename Inner<Argument>::Type;
};

template <auto kMethod>
using ServiceType = typename Signature<decltype(kMethod)>::Service;
template <auto kMethod>
using RequestType = typename Signature<decltype(kMethod)>::Request;

template <typename M>
MessagePtr ToHeap(M message) {
  return std::make_unique<M>(std::move(message));
}

// The call lives in the frame until the handler's promise has settled.
template <auto kMethod>
Promise<MessagePtr> Collect(void* service, Call call,
                            Stream<MessagePtr> requests) {
  co_return ToHeap(
      co_await (static_cast<ServiceType<kMethod>*>(service)->*kMethod)(
          call, Typed<RequestType<kMethod>>(std::move(requests))));
}

template <auto kMethod>
Promise<Stream<MessagePtr>> Open(void* service, Call call,
                                 Stream<MessagePtr> requests) {
  const MessagePtr request = co_await TheOnlyOne(
      std::move(requests), absl::StatusCode::kUnimplemented);
  co_return Erased((static_cast<ServiceType<kMethod>*>(service)->*kMethod)(
      call, static_cast<const RequestType<kMethod>&>(*request)));
}

}  // namespace invoke_internal

template <auto kMethod>
Promise<MessagePtr> InvokeUnary(void* service, const Call& call,
                                const Message& request) {
  using invoke_internal::RequestType;
  co_return invoke_internal::ToHeap(co_await (
      static_cast<invoke_internal::ServiceType<kMethod>*>(service)->*kMethod)(
      call, static_cast<const RequestType<kMethod>&>(request)));
}

template <auto kMethod>
Stream<MessagePtr> InvokeServerStream(void* service, const Call& call,
                                      Stream<MessagePtr> requests) {
  return StreamOf(
      invoke_internal::Open<kMethod>(service, call, std::move(requests)));
}

template <auto kMethod>
Stream<MessagePtr> InvokeClientStream(void* service, const Call& call,
                                      Stream<MessagePtr> requests) {
  return StreamOf(
      invoke_internal::Collect<kMethod>(service, call, std::move(requests)));
}

template <auto kMethod>
Stream<MessagePtr> InvokeBidi(void* service, const Call& call,
                              Stream<MessagePtr> requests) {
  using invoke_internal::RequestType;
  return Erased(
      (static_cast<invoke_internal::ServiceType<kMethod>*>(service)->*kMethod)(
          call, Typed<RequestType<kMethod>>(std::move(requests))));
}

template <typename R>
Promise<R> CallUnary(Channel& channel, const MethodInfo& method,
                     const Call& call, const Message& request) {
  const MessagePtr response = co_await channel.Unary(method, call, request);
  co_return std::move(static_cast<R&>(*response));
}

template <typename R>
Stream<R> CallServerStream(Channel& channel, const MethodInfo& method,
                           const Call& call, const Message& request) {
  MessagePtr copy(request.New());
  copy->CopyFrom(request);
  return Typed<R>(channel.Streaming(method, call, StreamOf(std::move(copy))));
}

template <typename R, typename Q>
Promise<R> CallClientStream(Channel& channel, const MethodInfo& method,
                            const Call& call, Stream<Q> requests) {
  const MessagePtr response = co_await TheOnlyOne(
      channel.Streaming(method, call, Erased(std::move(requests))),
      absl::StatusCode::kInternal);
  co_return std::move(static_cast<R&>(*response));
}

template <typename R, typename Q>
Stream<R> CallBidi(Channel& channel, const MethodInfo& method, const Call& call,
                   Stream<Q> requests) {
  return Typed<R>(channel.Streaming(method, call, Erased(std::move(requests))));
}

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_INVOKE_H_
