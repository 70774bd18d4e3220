// The event emitter between processes: what a service publishes to and
// subscribes at. A face on a Transport; loop thread only.
//
//   bus.Subscribe<UserEvents>("admin.audit", audit);
//
// The promises, and where they are kept:
//
//   published if and only if the transaction committed      outbox.h, relay.h
//   delivered at least once, in order per key, never
//   committed past work in flight, given up only as a
//   durable dead letter                                     subscription.h
//   effects exactly once                                    inbox.h
//   what the log itself promises                            transport.h
//
// A process killed at any point leaves the following, and nothing is lost and
// nothing applied twice:
//
//   in the transaction that emits     no effect, no event
//   after it, before publishing       published by the next relay
//   after publishing, before marking  published twice, applied once (inbox)
//   after the effects of a listener,
//   before its offset is committed    delivered twice, applied once (inbox)
//   after writing a dead letter,
//   before its offset is committed    the event is tried again, and may become
//                                     a letter again, with the same id
#ifndef MILLRACE_BUS_BUS_H_
#define MILLRACE_BUS_BUS_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/span.h"
#include "bus/dead_letters.h"
#include "bus/group_lag.h"
#include "bus/make_event.h"
#include "bus/subscription.h"
#include "bus/tail_position.h"
#include "bus/transport.h"
#include "contract/event.h"
#include "loop/event_loop.h"
#include "loop/stream.h"
#include "loop/task_group.h"

namespace millrace::bus {

struct BusOptions {
  // Who emits what Publish() publishes.
  std::string source = "/millrace";
  // Names this process through restarts, so that its groups need not be
  // rebalanced when it comes back soon. Unique among live processes. Empty: a
  // new member each time.
  std::string instance_id;
  SubscriptionOptions subscription;
  // Records here that are not done with, of all partitions together.
  size_t max_in_flight_total = 50'000;
  size_t max_in_flight_bytes_total = 128 << 20;
  // Is told of events published and handled. Outlives the bus.
  SpanSink* spans = nullptr;
};

// Only events to which all of this applies.
struct TailOptions {
  std::vector<std::string> types;  // one of these; empty: any
  std::optional<std::string> key;
  TailFrom from = TailFrom::kEnd;
  bool follow = true;
  std::optional<TraceId> trace_id;
  std::string event_id;  // empty: any
  std::string source;    // empty: any
  // By the event's time, `since` included.
  absl::Time since = absl::InfinitePast();
  absl::Time until = absl::InfiniteFuture();
};

// What a tail with positions gives.
struct Tailed {
  std::optional<EventEnvelope> event;
  std::string position;  // behind the event
  // Without an event: some between the answer before this and the next may have
  // been missed. They are past their retention, or their topic was made anew.
  bool missed = false;
};

class Bus {
 public:
  // What is passed by reference outlives the bus.
  Bus(EventLoop& loop, Transport& transport, Logger& logger, Metrics& metrics,
      BusOptions options = {});
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  // A contract that extends others stands for all of them here: what it is
  // declared, subscribed to or tailed for is done for the topic of each.

  // Makes the topics of the contract, and lets List and Replay know of it.
  // UNAVAILABLE while the transport is away.
  Promise<void> Declare(const ContractInfo& contract);

  // Hands the contract's events to `listener`, as a member of `group`, until
  // Drain(). The topics are made as soon as the transport is there. The
  // listener outlives the bus. Each topic is retried and has dead letters as
  // the contract says whose events it holds.
  template <typename C>
  absl::Status Subscribe(std::string group, EventListener& listener) {
    return Subscribe(C::Info(), std::move(group), listener);
  }
  absl::Status Subscribe(const ContractInfo& contract, std::string group,
                         EventListener& listener);

  // Emits an event that belongs to no transaction; resolves with its id when
  // it is durable. Whoever changes a database wants an Outbox instead.
  template <typename E>
  Promise<std::string> Publish(const typename E::Payload& payload,
                               const CallContext& context,
                               const EmitOptions& options = {}) {
    const ContractInfo& contract = E::Contract::Info();
    return Publish(contract, contract.events[E::kIndex], payload,
                   E::Key(payload), context, options);
  }
  template <typename E>
  Promise<std::string> Publish(const typename E::Payload& payload) {
    return Publish<E>(payload, CallContext());
  }
  Promise<std::string> Publish(const ContractInfo& contract,
                               const EventInfo& event,
                               const google::protobuf::Message& payload,
                               std::string key, const CallContext& context,
                               const EmitOptions& options = {});

  // The events on the topics of these contracts; records that are no events
  // are passed over.
  Stream<EventEnvelope> Tail(std::vector<const ContractInfo*> contracts,
                             TailOptions options = {});

  // The same with positions, on behind `after`, which is one of them: every
  // event that it would have given is given, or `missed` says that some may be
  // lost; but of a topic that was made anew, and has had more records since
  // than `after` knows of, nothing tells. Topics that `after` does not know
  // begin as the options say; all of them, when it is empty. The first answer
  // has no event, but the position that the tail begins at. INVALID_ARGUMENT
  // when `after` is no position.
  Stream<Tailed> TailAfter(std::vector<const ContractInfo*> contracts,
                           TailOptions options, std::string_view after);

  // Of the contracts that were declared or subscribed to.
  Promise<DeadLetterPage> ListDeadLetters(DeadLetterQuery query = {});
  Promise<ReplayedLetters> ReplayDeadLetters(DeadLetterQuery query,
                                             bool dry_run = false,
                                             BeforeReplay before = {});

  // Who reads what was declared or subscribed to, in whatever process, and how
  // far behind they are; by topic, then by group. A group of another process is
  // known once it has committed an offset of the topic.
  Promise<std::vector<GroupLag>> Lags();

  // Asks how far behind the groups that have members here are, in each of the
  // partitions that these have, and sets millrace_bus_lag_records. Rejects when
  // the transport does not know.
  Promise<void> Measure();

  // Sets the metrics of keys whose events are being tried again.
  void ShowHeld();

  // No listener begins until Resume(); what runs goes on.
  void Pause();
  void Resume();
  size_t in_flight() const;

  // Ends all subscriptions: see Subscription::Drain(). The transport stays.
  Promise<void> Drain(absl::Duration bound);

  // The transport's.
  absl::Status health() const { return transport_.health(); }
  Transport& transport() const { return transport_; }

 private:
  absl::StatusOr<std::shared_ptr<Subscription>> Join(
      const ContractInfo& contract, const std::string& group,
      EventListener& listener, size_t number);
  std::vector<DeadLetterTopic> dead_letter_topics() const;
  static Promise<void> MeasureLag(Transport& transport,
                                  std::shared_ptr<Subscription> subscription);
  static Promise<void> KeepDeclaring(Transport& transport, Logger& logger,
                                     std::vector<TopicSpec> topics,
                                     AbortSignal signal);
  static Promise<void> RunTail(Transport& transport,
                               std::vector<TopicSpec> topics,
                               TailOptions options,
                               StreamWriter<EventEnvelope> writer);
  static Promise<void> RunTailAfter(Transport& transport,
                                    std::vector<TopicSpec> topics,
                                    TailOptions options, TailPosition after,
                                    StreamWriter<Tailed> writer);
  static Promise<void> DrainAll(
      std::vector<std::shared_ptr<Subscription>> subscriptions,
      TaskGroup declaring, absl::Duration bound);

  EventLoop& loop_;
  Transport& transport_;
  Logger& logger_;
  Metrics& metrics_;
  const BusOptions options_;
  const std::shared_ptr<Budget> budget_;
  const SystemClock clock_;
  Counter& published_;
  Histogram& publish_seconds_;
  absl::flat_hash_map<std::string, const ContractInfo*> contracts_;  // by topic
  std::vector<std::shared_ptr<Subscription>> subscriptions_;
  TaskGroup declaring_;
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_BUS_H_
