// Between typed streams and streams of messages, and from promises to streams.
//
// Loop thread only. Cancelling a stream that is made here cancels the one it
// is made from.
#ifndef MILLRACE_CONTRACT_STREAMS_H_
#define MILLRACE_CONTRACT_STREAMS_H_

#include <memory>
#include <utility>

#include "contract/service.h"

namespace millrace {

// The same messages without their type.
template <typename M>
Stream<MessagePtr> Erased(Stream<M> messages) {
  return std::move(messages).Map([](M message) -> MessagePtr {
    return std::make_unique<M>(std::move(message));
  });
}

// The same messages with their type, which each of them must have.
template <typename M>
Stream<M> Typed(Stream<MessagePtr> messages) {
  return std::move(messages).Map([](MessagePtr message) -> M {
    return std::move(static_cast<M&>(*message));
  });
}

// A stream of one message.
Stream<MessagePtr> StreamOf(MessagePtr message);

// A stream of one message that is still to come.
Stream<MessagePtr> StreamOf(Promise<MessagePtr> message);

// A stream that is still to come.
Stream<MessagePtr> StreamOf(Promise<Stream<MessagePtr>> messages);

// The only message of the stream. `code` when there is none or more than one:
// UNIMPLEMENTED for requests, as gRPC has it, INTERNAL for answers.
Promise<MessagePtr> TheOnlyOne(Stream<MessagePtr> messages,
                               absl::StatusCode code);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_STREAMS_H_
