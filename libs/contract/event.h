// The run-time half of emitter contracts: what is known of an event, what a
// contract says about its events, and how a listener is handed one.
//
// Infos are constants of the generated code. Envelopes are plain values.
#ifndef MILLRACE_CONTRACT_EVENT_H_
#define MILLRACE_CONTRACT_EVENT_H_

#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "base/trace.h"
#include "contract/call.h"
#include "loop/abort.h"
#include "loop/promise.h"

namespace millrace {

// An event as it travels. On a topic it is a CloudEvent in binary mode.
struct EventEnvelope {
  std::string id;      // unique, the same when delivered again
  std::string type;    // "users.v1.UserEvents.Created"
  std::string source;  // "/users"
  std::string key;     // events with one key are in order
  absl::Time time;     // when it was emitted
  // From then on it is of no use to anybody: CloudEvents' "expirytime".
  absl::Time expires = absl::InfiniteFuture();
  TraceContext trace;
  std::string payload;  // encoded as content_type says
  std::string content_type = "application/protobuf";
  Metadata extensions;
  // Of an event that a listener is handed: aborted when it is not to be
  // finished here any more, because its partition was taken away or the time to
  // hand it over is nearly up, and once the listener is done. Who goes on all
  // the same only wastes work: somebody else is handed the event.
  AbortSignal signal;
};

// What a listener is handed. Both live until its promise has settled.
template <typename P>
struct Event {
  const P& payload;
  const EventEnvelope& envelope;
};

// How a failing event is retried before it becomes a dead letter.
struct RetryPolicy {
  int max_attempts = 5;  // the first included
  absl::Duration initial_backoff = absl::Milliseconds(100);
  absl::Duration max_backoff = absl::Seconds(30);
  double multiplier = 2;
};

struct EventInfo {
  std::string_view name;  // "Created"
  std::string_view type;  // "users.v1.UserEvents.Created"
  const google::protobuf::Message& (*payload)() = nullptr;
  std::string (*key)(const google::protobuf::Message& payload) = nullptr;
};

// What a contract declares, and the contracts whose events it has besides. Each
// event is published, retried and given up as the contract says that declares
// it: topic and policy are those of `events` alone, and unset without any.
struct ContractInfo {
  std::string_view full_name;  // "users.v1.UserEvents"
  std::string_view topic;
  int partitions = 0;
  absl::Duration retention;
  RetryPolicy retry;
  std::string_view dead_letter_topic;
  absl::Span<const EventInfo> events;
  absl::Span<const ContractInfo* const> bases;
};

// The contract and all that it extends, at any distance; each once, and only
// those that declare events.
std::vector<const ContractInfo*> DeclaringContracts(
    const ContractInfo& contract);

// The event of this type, the contract's own or a base's, or nullptr.
const EventInfo* FindEvent(const ContractInfo& contract, std::string_view type);

// Reads the payload of an event, which may be protobuf bytes or JSON. DATA_LOSS
// when it is not what its type says: such an event is not worth a retry.
absl::Status DecodePayload(const EventEnvelope& envelope,
                           google::protobuf::Message* payload);

// Takes the events of a contract. Loop thread only.
class EventListener {
 public:
  virtual ~EventListener() = default;

  // `envelope` outlives the promise. A rejection with INVALID_ARGUMENT or
  // DATA_LOSS is final and makes a dead letter at once; any other is retried.
  virtual Promise<void> Deliver(const EventEnvelope& envelope) = 0;
};

// The tags of all events of a contract that extends others.
template <typename... Tags>
struct EventTags {
  static constexpr size_t kCount = sizeof...(Tags);
};

// What a tag says, for tables.
template <typename Tag>
const google::protobuf::Message& PayloadOf() {
  return Tag::Payload::default_instance();
}

template <typename Tag>
std::string KeyOf(const google::protobuf::Message& payload) {
  return Tag::Key(static_cast<const typename Tag::Payload&>(payload));
}

// Decodes the event and hands it to one method of a generated listener.
template <typename L, typename P>
Promise<void> DeliverTo(L* listener,
                        Promise<void> (L::*method)(const Event<P>&),
                        const EventEnvelope& envelope) {
  P payload;
  ThrowIfError(DecodePayload(envelope, &payload));
  const Event<P> event{payload, envelope};
  co_await (listener->*method)(event);
}

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_EVENT_H_
