#include "bus/bus.h"

#include <algorithm>
#include <memory>
#include <set>

#include "absl/time/clock.h"
#include "base/backoff.h"
#include "base/status.h"
#include "base/strings.h"
#include "bus/codec.h"
#include "bus/contract_topics.h"
#include "bus/make_event.h"
#include "loop/combinators.h"
#include "loop/wait_note.h"

namespace millrace::bus {
namespace {

constexpr BackoffPolicy kDeclareBackoff{absl::Milliseconds(200),
                                        absl::Seconds(10), 2};

bool Matches(const EventEnvelope& event, const TailOptions& options) {
  return (options.types.empty() ||
          std::find(options.types.begin(), options.types.end(), event.type) !=
              options.types.end()) &&
         (!options.key || *options.key == event.key) &&
         (!options.trace_id || *options.trace_id == event.trace.trace_id) &&
         (options.event_id.empty() || options.event_id == event.id) &&
         (options.source.empty() || options.source == event.source) &&
         options.since <= event.time && event.time < options.until;
}

std::vector<TopicSpec> EventTopicsOf(
    const std::vector<const ContractInfo*>& contracts) {
  std::vector<TopicSpec> topics;
  for (const ContractInfo* contract : contracts) {
    for (const ContractInfo* one : PerTopic(*contract)) {
      const bool known = std::any_of(
          topics.begin(), topics.end(),
          [&](const TopicSpec& topic) { return topic.name == one->topic; });
      if (!known) topics.push_back(TopicOf(*one));
    }
  }
  return topics;
}

std::vector<std::string> NamesOf(const std::vector<TopicSpec>& topics) {
  std::vector<std::string> names;
  for (const TopicSpec& topic : topics) names.push_back(topic.name);
  return names;
}

// Whether a tail that was at `next` and is given `offset` has lost records. Not
// all offsets are records, so that a gap alone says nothing.
Promise<bool> HasLost(Transport& transport, TopicPartition partition,
                      int64_t next, int64_t offset) {
  if (offset <= next) co_return offset < next;  // then it was made anew
  const std::vector<std::string> topics = {partition.topic};
  Promise<std::vector<GroupOffset>> asking = transport.Offsets("", topics);
  const absl::StatusOr<std::vector<GroupOffset>> kept =
      co_await AsStatusOr(std::move(asking));
  if (!kept.ok()) co_return true;  // who knows
  co_return std::any_of(kept->begin(), kept->end(), [&](const auto& one) {
    return one.partition == partition && one.begin > next;
  });
}

}  // namespace

Bus::Bus(EventLoop& loop, Transport& transport, Logger& logger,
         Metrics& metrics, BusOptions options)
    : loop_(loop),
      transport_(transport),
      logger_(logger),
      metrics_(metrics),
      options_(std::move(options)),
      budget_(std::make_shared<Budget>(options_.max_in_flight_total,
                                       options_.max_in_flight_bytes_total)),
      published_(metrics.AddCounter("millrace_bus_published_total",
                                    "Events published without an outbox.")),
      publish_seconds_(metrics.AddHistogram(
          "millrace_bus_publish_seconds",
          "Time until the transport acknowledged a publish.",
          {{"from", "call"}}, LatencyBuckets())) {}

Bus::~Bus() { declaring_.Abort(); }

Promise<void> Bus::Declare(const ContractInfo& contract) {
  const std::vector<const ContractInfo*> contracts = PerTopic(contract);
  for (const ContractInfo* one : contracts) {
    contracts_[std::string(one->topic)] = one;
  }
  return transport_.EnsureTopics(TopicsOf(contracts));
}

absl::Status Bus::Subscribe(const ContractInfo& contract, std::string group,
                            EventListener& listener) {
  const std::vector<const ContractInfo*> contracts = PerTopic(contract);
  if (contracts.empty()) {
    return absl::InvalidArgumentError(
        StrCat("contract ", contract.full_name, " has no events to hear"));
  }
  std::vector<std::shared_ptr<Subscription>> joined;
  for (const ContractInfo* one : contracts) {
    auto subscription =
        Join(*one, group, listener, subscriptions_.size() + joined.size());
    if (!subscription.ok()) return subscription.status();
    joined.push_back(*std::move(subscription));
  }
  for (size_t i = 0; i < contracts.size(); ++i) {
    subscriptions_.push_back(std::move(joined[i]));
    contracts_[std::string(contracts[i]->topic)] = contracts[i];
  }
  declaring_.Spawn(KeepDeclaring(transport_, logger_, TopicsOf(contracts),
                                 declaring_.signal()));
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<Subscription>> Bus::Join(
    const ContractInfo& contract, const std::string& group,
    EventListener& listener, size_t number) {
  SubscriptionSpec spec;
  spec.topic = std::string(contract.topic);
  spec.dead_letter_topic = std::string(contract.dead_letter_topic);
  if (!options_.instance_id.empty()) {
    spec.member_id = StrCat(options_.instance_id, "-", spec.topic, "-", number);
  }
  spec.group = group;
  spec.retry = contract.retry;
  spec.options = options_.subscription;
  spec.budget = budget_;
  spec.spans = options_.spans;
  return Subscription::Start(loop_, transport_, logger_, metrics_,
                             std::move(spec), listener);
}

Promise<void> Bus::KeepDeclaring(Transport& transport, Logger& logger,
                                 std::vector<TopicSpec> topics,
                                 AbortSignal signal) {
  for (int failures = 1; !signal.aborted(); ++failures) {
    const absl::Status status =
        co_await AsStatusOr(transport.EnsureTopics(topics));
    if (status.ok()) co_return;
    if (signal.aborted()) co_return;
    logger.Warning("the topics of a contract cannot be made; will try again",
                   {{"topic", topics[0].name}, {"error", status.ToString()}});
    (void)co_await AsStatusOr(
        Delay(BackoffAfter(failures, kDeclareBackoff), signal));
  }
}

Promise<std::string> Bus::Publish(const ContractInfo& contract,
                                  const EventInfo& info,
                                  const google::protobuf::Message& payload,
                                  std::string key, const CallContext& context,
                                  const EmitOptions& options) {
  EventEnvelope event =
      MakeEvent(context, clock_, options_.source, info, payload, std::move(key),
                options, options_.spans);
  std::vector<Record> records;
  records.push_back(TakeRecord(&event, std::string(contract.topic)));
  auto note = std::make_unique<WaitNote>("publish", contract.topic);
  return transport_.Publish(std::move(records))
      .Then([note = std::move(note), event = std::move(event),
             topic = contract.topic, parent = context.trace.span_id,
             spans = options_.spans, &published = published_,
             &seconds = publish_seconds_] {
        const absl::Time now = absl::Now();
        published.Add();
        seconds.Observe(absl::ToDoubleSeconds(now - event.time));
        if (spans != nullptr) {
          spans->Record(EmitSpan(event, topic, parent, now));
        }
        return event.id;
      });
}

Stream<EventEnvelope> Bus::Tail(std::vector<const ContractInfo*> contracts,
                                TailOptions options) {
  Pipe<EventEnvelope> pipe = MakePipe<EventEnvelope>();
  RunTail(transport_, EventTopicsOf(contracts), std::move(options),
          std::move(pipe.writer))
      .Detach();
  return std::move(pipe.stream);
}

Stream<Tailed> Bus::TailAfter(std::vector<const ContractInfo*> contracts,
                              TailOptions options, std::string_view after) {
  absl::StatusOr<TailPosition> position = TailPosition::Parse(after);
  if (!position.ok()) return Stream<Tailed>::Failed(position.status());
  Pipe<Tailed> pipe = MakePipe<Tailed>();
  RunTailAfter(transport_, EventTopicsOf(contracts), std::move(options),
               *std::move(position), std::move(pipe.writer))
      .Detach();
  return std::move(pipe.stream);
}

Promise<void> Bus::RunTail(Transport& transport, std::vector<TopicSpec> topics,
                           TailOptions options,
                           StreamWriter<EventEnvelope> writer) {
  try {
    co_await transport.EnsureTopics(topics);
    Stream<Record> records =
        transport.Tail(NamesOf(topics), options.from, options.follow);
    while (std::optional<Record> record =
               co_await WithSignal(records.Next(), writer.cancelled())) {
      absl::StatusOr<EventEnvelope> event = DecodeEvent(*record);
      if (!event.ok() || !Matches(*event, options)) continue;
      co_await writer.Write(*std::move(event));
    }
    writer.Close();
  } catch (...) {
    writer.Fail(StatusFrom(std::current_exception()));
  }
}

Promise<void> Bus::RunTailAfter(Transport& transport,
                                std::vector<TopicSpec> topics,
                                TailOptions options, TailPosition after,
                                StreamWriter<Tailed> writer) {
  try {
    co_await transport.EnsureTopics(topics);
    Promise<std::vector<GroupOffset>> asking =
        transport.Offsets("", NamesOf(topics));
    const std::vector<GroupOffset> offsets =
        co_await WithSignal(std::move(asking), writer.cancelled());
    TailPlan plan = PlanTail(after, options.from, offsets);
    Stream<Record> records =
        transport.TailAt(std::move(plan.starts), options.follow);
    Tailed begun;
    begun.position = plan.position.ToText();
    begun.missed = plan.missed;
    co_await writer.Write(std::move(begun));
    while (std::optional<Record> record =
               co_await WithSignal(records.Next(), writer.cancelled())) {
      const TopicPartition at = {record->topic, record->partition};
      const int64_t next = plan.position.Next(at).value_or(record->offset);
      if (record->offset != next) {
        // Retention has overtaken it.
        Promise<bool> asked = HasLost(transport, at, next, record->offset);
        const bool lost = co_await WithSignal(asked, writer.cancelled());
        plan.position.Set(at, record->offset);
        if (lost) {
          Tailed told;
          told.position = plan.position.ToText();
          told.missed = true;
          co_await writer.Write(std::move(told));
        }
      }
      plan.position.Set(at, record->offset + 1);
      absl::StatusOr<EventEnvelope> event = DecodeEvent(*record);
      if (!event.ok() || !Matches(*event, options)) continue;
      Tailed tailed;
      tailed.event = *std::move(event);
      tailed.position = plan.position.ToText();
      co_await writer.Write(std::move(tailed));
    }
    writer.Close();
  } catch (...) {
    writer.Fail(StatusFrom(std::current_exception()));
  }
}

std::vector<DeadLetterTopic> Bus::dead_letter_topics() const {
  std::vector<DeadLetterTopic> topics;
  for (const auto& [topic, contract] : contracts_) {
    topics.push_back({topic, std::string(contract->dead_letter_topic)});
  }
  return topics;
}

Promise<DeadLetterPage> Bus::ListDeadLetters(DeadLetterQuery query) {
  return bus::ListDeadLetters(transport_, dead_letter_topics(),
                              std::move(query));
}

Promise<ReplayedLetters> Bus::ReplayDeadLetters(DeadLetterQuery query,
                                                bool dry_run,
                                                BeforeReplay before) {
  return bus::ReplayDeadLetters(transport_, dead_letter_topics(),
                                std::move(query), dry_run, std::move(before));
}

Promise<std::vector<GroupLag>> Bus::Lags() {
  std::vector<std::string> topics;
  for (const auto& [topic, contract] : contracts_) topics.push_back(topic);
  std::set<std::pair<std::string, std::string>> members;
  for (const auto& subscription : subscriptions_) {
    members.emplace(subscription->topic(), subscription->group());
  }
  return ReadLags(transport_, std::move(topics), std::move(members));
}

Promise<void> Bus::Measure() {
  std::vector<Promise<void>> measuring;
  for (const auto& subscription : subscriptions_) {
    measuring.push_back(MeasureLag(transport_, subscription));
  }
  return All(std::move(measuring));
}

Promise<void> Bus::MeasureLag(Transport& transport,
                              std::shared_ptr<Subscription> subscription) {
  if (!subscription->has_partitions()) co_return;
  std::vector<std::string> topics(1, subscription->topic());
  Promise<std::vector<GroupOffset>> asking =
      transport.Offsets(subscription->group(), std::move(topics));
  const std::vector<GroupOffset> offsets = co_await std::move(asking);
  subscription->ShowLag(offsets);
}

void Bus::ShowHeld() {
  for (const auto& subscription : subscriptions_) subscription->ShowHeld();
}

void Bus::Pause() {
  for (const auto& subscription : subscriptions_) subscription->Pause();
}

void Bus::Resume() {
  for (const auto& subscription : subscriptions_) subscription->Resume();
}

size_t Bus::in_flight() const {
  size_t sum = 0;
  for (const auto& subscription : subscriptions_) {
    sum += subscription->in_flight();
  }
  return sum;
}

Promise<void> Bus::Drain(absl::Duration bound) {
  declaring_.Abort();
  return DrainAll(std::exchange(subscriptions_, {}), declaring_, bound);
}

Promise<void> Bus::DrainAll(
    std::vector<std::shared_ptr<Subscription>> subscriptions,
    TaskGroup declaring, absl::Duration bound) {
  std::vector<Promise<void>> draining;
  for (const auto& subscription : subscriptions) {
    draining.push_back(subscription->Drain(bound));
  }
  // All of them, whichever fails.
  const auto outcomes = co_await AllSettled(std::move(draining));
  (void)co_await AsStatusOr(declaring.Join());
  for (const absl::Status& status : outcomes) ThrowIfError(status);
}

}  // namespace millrace::bus
