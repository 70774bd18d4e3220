#include "bus/relay.h"

#include <algorithm>
#include <utility>

#include "base/ids.h"
#include "base/status.h"
#include "base/strings.h"
#include "bus/outbox_sql.h"
#include "loop/abort.h"
#include "loop/combinators.h"

namespace millrace::bus {
namespace {

// How soon to ask again when another relay publishes.
constexpr absl::Duration kLeaseRetry = absl::Milliseconds(200);
// After a batch of few rows: what comes meanwhile is read by the transaction
// that deletes them, and that one is out of the way of what they bring about. A
// process that is killed meanwhile has them published twice, so it is not long.
constexpr absl::Duration kSoon = absl::Milliseconds(3);
constexpr size_t kFewRows = 16;

}  // namespace

absl::Status RelayOptions::Validate() const {
  if (batch_rows < 1 || batch_bytes < 1) {
    return absl::InvalidArgumentError(
        "relay: batch_rows and batch_bytes must be positive");
  }
  if (lease < absl::Seconds(1) || poll < absl::Milliseconds(10)) {
    return absl::InvalidArgumentError(
        "relay: lease must be at least 1s, poll at least 10ms");
  }
  return absl::OkStatus();
}

// The relay's work, shared with the coroutine that does it.
class OutboxRelay::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(EventLoop& loop, Outbox& outbox, Transport& transport, Logger& logger,
       Metrics& metrics, RelayOptions options)
      : loop_(loop),
        outbox_(outbox),
        database_(outbox.database()),
        transport_(transport),
        logger_(logger),
        options_(std::move(options)),
        shared_(options_.shared.value_or(database_.dialect() ==
                                         store::Dialect::kPostgres)),
        published_(metrics.AddCounter("millrace_bus_outbox_published_total",
                                      "Events published from the outbox.")),
        refused_(metrics.AddCounter(
            "millrace_bus_outbox_refused_total",
            "Events of the outbox that the transport will never take.")),
        away_(metrics.AddGauge(
            "millrace_bus_outbox_waiting",
            "1 while events wait because the transport or the database is "
            "away.")),
        delay_(metrics.AddHistogram(
            "millrace_bus_outbox_delay_seconds",
            "Time from emitting an event to having it published.", {},
            LatencyBuckets())),
        publish_(metrics.AddHistogram(
            "millrace_bus_publish_seconds",
            "Time until the transport acknowledged a publish.",
            {{"from", "outbox"}}, LatencyBuckets())),
        rows_(
            metrics.AddGauge("millrace_bus_outbox_rows",
                             "Events of the outbox that wait to be published.",
                             {{"outbox", options_.name}})),
        oldest_(metrics.AddGauge(
            "millrace_bus_outbox_oldest_age_seconds",
            "Age of the oldest event that waits to be published; 0 without.",
            {{"outbox", options_.name}})) {}

  absl::Status Start() {
    if (absl::Status status = options_.Validate(); !status.ok()) return status;
    outbox_.OnCommitted([self = weak_from_this()] {
      if (const auto core = self.lock()) core->Wake();
    });
    done_ = Run(shared_from_this());
    return absl::OkStatus();
  }

  void Wake() {
    woken_ = true;
    if (sleeping_) std::exchange(sleeping_, std::nullopt)->Resolve();
  }

  static Promise<void> Stop(std::shared_ptr<Core> self, absl::Duration bound) {
    if (!self->done_.valid()) co_return;
    self->draining_ = true;
    self->Wake();
    const absl::Status status =
        co_await AsStatusOr(WithTimeout(self->done_, bound));
    self->Kill();
    if (!status.ok() || !self->health_.ok()) {
      Throw(absl::DeadlineExceededError(StrCat(
          "the outbox was not emptied within ", absl::FormatDuration(bound),
          "; its events wait for the next start",
          self->health_.ok() ? "" : ": ", MessageOf(self->health_))));
    }
  }

  void Kill() {
    outbox_.OnCommitted(nullptr);
    killed_.Abort();
    Wake();
  }

  const absl::Status& health() const { return health_; }

  static Promise<void> Measure(std::shared_ptr<Core> self) {
    const OutboxBacklog backlog =
        co_await self->database_.Read(ReadOutboxBacklog);
    self->rows_.Set(static_cast<double>(backlog.rows));
    const absl::Duration age =
        backlog.rows == 0 ? absl::ZeroDuration() : absl::Now() - backlog.oldest;
    self->oldest_.Set(absl::ToDoubleSeconds(age));
  }

 private:
  using Self = std::shared_ptr<Core>;

  struct Batch {
    bool mine = true;  // false: another relay publishes
    std::vector<OutboxRow> rows;
  };

  static Promise<void> Run(Self self) {
    std::vector<int64_t> published;  // not deleted yet
    int failures = 0;
    bool look = false;  // nobody has said that there is anything
    while (!self->killed_.signal().aborted()) {
      self->woken_ = false;
      absl::Status status;
      try {
        if (look && co_await IsEmpty(self)) {
          failures = 0;
          self->Note(absl::OkStatus());
          if (self->draining_) co_return;
          look = co_await self->Sleep();
          continue;
        }
        const Batch batch = co_await Turn(self, published);
        published.clear();
        look = false;
        if (batch.rows.empty()) {
          failures = 0;
          self->Note(absl::OkStatus());
          if (self->draining_ && batch.mine && !self->woken_) co_return;
          if (!batch.mine) {
            look = true;
            co_await Delay(kLeaseRetry, self->killed_.signal());
          } else if (!self->woken_) {
            look = co_await self->Sleep();
          }
          continue;
        }
        published = co_await Publish(self, batch.rows);
        if (published.size() < kFewRows && !self->woken_ && !self->draining_) {
          (void)co_await Wait(self, kSoon);
        }
      } catch (...) {
        status = StatusFrom(std::current_exception());
      }
      if (self->killed_.signal().aborted()) break;
      self->Note(status);
      failures = status.ok() ? 0 : failures + 1;
      if (failures > 0) {
        (void)co_await AsStatusOr(
            Delay(BackoffAfter(failures, self->options_.backoff),
                  self->killed_.signal()));
      }
    }
  }

  // Until there may be something; true when nobody said so.
  Promise<bool> Sleep() {
    if (woken_ || draining_) return Promise<bool>::Resolve(!woken_);
    // Those who share look now and then, apart from each other, though they
    // started together.
    const BackoffPolicy poll{options_.poll, options_.poll, 1};
    return Wait(shared_from_this(),
                shared_ ? BackoffAfter(1, poll) : absl::InfiniteDuration());
  }
  // Until woken, at most so long; true when nobody has.
  static Promise<bool> Wait(Self self, absl::Duration longest) {
    self->sleeping_.emplace();
    const Promise<void> woken = self->sleeping_->promise();
    const absl::Status status =
        co_await AsStatusOr(WithTimeout(woken, longest));
    self->sleeping_.reset();
    co_return !status.ok();
  }

  static Promise<bool> IsEmpty(Self self) {
    return self->database_.Read(OutboxIsEmpty);
  }

  // Deletes what is published and reads what comes next, as the owner of the
  // lease, which is given back when nothing is left.
  static Promise<Batch> Turn(Self self, std::vector<int64_t> published) {
    const int rows = self->options_.batch_rows;
    const int64_t bytes = self->options_.batch_bytes;
    if (!self->shared_ && published.empty()) {
      Batch batch;
      batch.rows =
          co_await self->database_.Read([&rows, &bytes](store::Tx& tx) {
            return ReadOutbox(tx, rows, bytes);
          });
      co_return batch;
    }
    const auto turn = [rows, bytes, published, shared = self->shared_,
                       owner = self->owner_,
                       lease = self->options_.lease](store::Tx& tx) {
      DoNotWaitForDisk(tx);
      DeleteOutboxRows(tx, published);
      Batch batch;
      batch.mine = !shared || TakeLease(tx, owner, lease);
      if (!batch.mine) return batch;
      batch.rows = ReadOutbox(tx, rows, bytes);
      if (shared && batch.rows.empty()) ReleaseLease(tx, owner);
      return batch;
    };
    // Apart from the co_await: within it, GCC 12 destroys captures twice.
    Promise<Batch> taking = self->database_.Transact(turn);
    co_return co_await std::move(taking);
  }

  // The ids of the rows that are done with.
  static Promise<std::vector<int64_t>> Publish(
      Self self, const std::vector<OutboxRow>& rows) {
    std::vector<Record> records;
    records.reserve(rows.size());
    for (const OutboxRow& row : rows) records.push_back(row.record);
    const absl::Time start = absl::Now();
    const absl::Status status =
        co_await AsStatusOr(self->transport_.Publish(std::move(records)));
    if (status.ok()) {
      self->publish_.Observe(absl::ToDoubleSeconds(absl::Now() - start));
    }
    if (status.code() == absl::StatusCode::kInvalidArgument) {
      co_return co_await PublishSingly(self, rows);
    } else if (status.code() == absl::StatusCode::kNotFound) {
      co_await self->transport_.EnsureTopics(self->TopicsOf(rows));
      Throw(status);  // again, after a pause
    } else {
      ThrowIfError(status);
    }
    const absl::Time now = self->loop_.Now();
    for (const OutboxRow& row : rows) {
      self->delay_.Observe(absl::ToDoubleSeconds(now - row.record.time));
    }
    self->published_.Add(static_cast<double>(rows.size()));
    std::vector<int64_t> ids;
    for (const OutboxRow& row : rows) ids.push_back(row.id);
    co_return ids;
  }

  // Finds the row that is refused, and sets it aside.
  static Promise<std::vector<int64_t>> PublishSingly(
      Self self, const std::vector<OutboxRow>& rows) {
    std::vector<int64_t> ids;
    for (const OutboxRow& row : rows) {
      std::vector<Record> one(1, row.record);
      const absl::Status status =
          co_await AsStatusOr(self->transport_.Publish(std::move(one)));
      if (status.ok()) {
        self->published_.Add();
        ids.push_back(row.id);
        continue;
      }
      if (status.code() != absl::StatusCode::kInvalidArgument) Throw(status);
      self->refused_.Add();
      self->logger_.Error(
          "an event will never be taken by the transport; it stays in "
          "millrace_outbox with the reason",
          {{"event_id", row.event_id},
           {"topic", row.record.topic},
           {"error", MessageOf(status)}});
      const auto refuse =
          [id = row.id, reason = std::string(MessageOf(status))](
              store::Tx& tx) { RefuseOutboxRow(tx, id, reason); };
      Promise<void> refusing = self->database_.Transact(refuse);
      co_await std::move(refusing);
    }
    co_return ids;
  }

  std::vector<TopicSpec> TopicsOf(const std::vector<OutboxRow>& rows) const {
    std::vector<TopicSpec> topics;
    for (const OutboxRow& row : rows) {
      const std::string& name = row.record.topic;
      if (std::any_of(topics.begin(), topics.end(),
                      [&](const TopicSpec& t) { return t.name == name; })) {
        continue;
      }
      TopicSpec& topic = topics.emplace_back();
      topic.name = name;
      for (const ContractInfo* contract : options_.contracts) {
        for (const ContractInfo* one : DeclaringContracts(*contract)) {
          if (one->topic != name) continue;
          topic.partitions = one->partitions;
          topic.retention = one->retention;
        }
      }
    }
    return topics;
  }

  void Note(const absl::Status& status) {
    if (status.ok()) {
      if (!health_.ok()) logger_.Info("the outbox is being published again");
      health_ = absl::OkStatus();
    } else {
      logger_.Warning("events wait in the outbox; will try again",
                      {{"error", status.ToString()}});
      health_ = absl::UnavailableError(
          StrCat("events wait in the outbox: ", MessageOf(status)));
    }
    away_.Set(status.ok() ? 0 : 1);
  }

  EventLoop& loop_;
  Outbox& outbox_;
  store::Database& database_;
  Transport& transport_;
  Logger& logger_;
  const RelayOptions options_;
  const bool shared_;
  const std::string owner_ = NewId();
  Counter& published_;
  Counter& refused_;
  Gauge& away_;
  Histogram& delay_;
  Histogram& publish_;
  Gauge& rows_;
  Gauge& oldest_;
  Promise<void> done_;
  std::optional<Deferred<void>> sleeping_;
  bool woken_ = false;
  bool draining_ = false;
  AbortController killed_;
  absl::Status health_;
};

OutboxRelay::OutboxRelay(EventLoop& loop, Outbox& outbox, Transport& transport,
                         Logger& logger, Metrics& metrics, RelayOptions options)
    : core_(std::make_shared<Core>(loop, outbox, transport, logger, metrics,
                                   std::move(options))) {}

OutboxRelay::~OutboxRelay() { core_->Kill(); }

absl::Status OutboxRelay::Start() { return core_->Start(); }

void OutboxRelay::Wake() { core_->Wake(); }

Promise<void> OutboxRelay::Stop(absl::Duration bound) {
  return Core::Stop(core_, bound);
}

Promise<void> OutboxRelay::Measure() { return Core::Measure(core_); }

absl::Status OutboxRelay::health() const { return core_->health(); }

}  // namespace millrace::bus
