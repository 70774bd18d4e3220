#include "tests/conformance/bus/sim/mutant.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/strings.h"
#include "bus/testing/forwarding.h"
#include "loop/combinators.h"

namespace millrace::bus::sim {
namespace {

// A mutant that is one kind of transport.
template <typename T>
class TransportMutant final : public Mutant {
 public:
  explicit TransportMutant(std::string name) : name_(std::move(name)) {}
  std::string name() const override { return name_; }
  std::unique_ptr<Transport> Wrap(Transport& transport) override {
    return std::make_unique<T>(transport);
  }

 private:
  const std::string name_;
};

// Transports whose members are tampered with by an `E`, which is made from the
// real events and is told of its consumer by `consumer`.
template <typename E>
class EventsTransport final : public ForwardingTransport {
 public:
  using ForwardingTransport::ForwardingTransport;

  absl::StatusOr<std::unique_ptr<Consumer>> Join(
      GroupSpec spec, ConsumerEvents& events) override {
    auto tampered = std::make_unique<E>(events);
    auto consumer = inner_.Join(std::move(spec), *tampered);
    if (!consumer.ok()) return consumer.status();
    tampered->consumer = consumer->get();
    return std::make_unique<Member>(std::move(tampered), *std::move(consumer));
  }

 private:
  // The consumer goes before the events that it calls.
  struct Member final : Consumer {
    Member(std::unique_ptr<E> the_events, std::unique_ptr<Consumer> inner)
        : events(std::move(the_events)), consumer(std::move(inner)) {}
    void Commit(const TopicPartition& id, Progress progress) override {
      events->Commit(id, std::move(progress));
    }
    void Pause(const std::vector<TopicPartition>& ids) override {
      consumer->Pause(ids);
    }
    void Resume(const std::vector<TopicPartition>& ids) override {
      consumer->Resume(ids);
    }
    Promise<void> Close(absl::Duration bound) override {
      return consumer->Close(bound);
    }

    const std::unique_ptr<E> events;
    const std::unique_ptr<Consumer> consumer;
  };
};

struct TamperedEvents : ForwardingEvents {
  using ForwardingEvents::ForwardingEvents;
  virtual void Commit(const TopicPartition& id, Progress progress) {
    consumer->Commit(id, std::move(progress));
  }
  Consumer* consumer = nullptr;
};

struct CommitsOneTooMany final : TamperedEvents {
  using TamperedEvents::TamperedEvents;
  void Commit(const TopicPartition& id, Progress progress) override {
    consumer->Commit(id, progress.next_offset + 1);
  }
};

struct CommitsWideIslands final : TamperedEvents {
  using TamperedEvents::TamperedEvents;
  void Commit(const TopicPartition& id, Progress progress) override {
    for (OffsetRange& range : progress.finished) ++range.end;
    consumer->Commit(id, std::move(progress));
  }
};

struct CommitsBeforeEffects final : TamperedEvents {
  using TamperedEvents::TamperedEvents;
  void OnRecords(std::vector<Record> records) override {
    for (const Record& record : records) {
      consumer->Commit({record.topic, record.partition}, record.offset + 1);
    }
    inner_.OnRecords(std::move(records));
  }
};

struct ForgetsOnRevoke final : TamperedEvents {
  using TamperedEvents::TamperedEvents;
  void OnRecords(std::vector<Record> records) override {
    for (const Record& record : records) {
      handed[{record.topic, record.partition}] = record.offset + 1;
    }
    inner_.OnRecords(std::move(records));
  }
  Promise<void> OnRevoked(std::vector<TopicPartition> ids,
                          Revoked how) override {
    for (const TopicPartition& id : ids) {
      if (handed.contains(id)) consumer->Commit(id, handed[id]);
    }
    return inner_.OnRevoked(std::move(ids), how);
  }
  std::map<TopicPartition, int64_t> handed;
};

struct TwoLanesForAKey final : TamperedEvents {
  using TamperedEvents::TamperedEvents;
  void OnRecords(std::vector<Record> records) override {
    for (Record& record : records) {
      if (record.offset % 2 == 1) record.key += "'";
    }
    inner_.OnRecords(std::move(records));
  }
};

struct LosesRecords final : TamperedEvents {
  using TamperedEvents::TamperedEvents;
  void OnRecords(std::vector<Record> records) override {
    if (++calls % 10 == 0 && records.size() > 1) records.erase(records.begin());
    inner_.OnRecords(std::move(records));
  }
  int calls = 0;
};

struct AcknowledgesAtOnce final : ForwardingTransport {
  using ForwardingTransport::ForwardingTransport;
  Promise<void> Publish(std::vector<Record> records) override {
    (void)AsStatusOr(inner_.Publish(std::move(records)));
    return Promise<void>::Resolve();
  }
};

struct ReversesBatches final : ForwardingTransport {
  using ForwardingTransport::ForwardingTransport;
  Promise<void> Publish(std::vector<Record> records) override {
    std::reverse(records.begin(), records.end());
    return inner_.Publish(std::move(records));
  }
};

struct LosesLetters final : ForwardingTransport {
  using ForwardingTransport::ForwardingTransport;
  Promise<void> Publish(std::vector<Record> records) override {
    const std::string& topic = records.front().topic;
    if (topic.size() > 5 && topic.substr(topic.size() - 5) == ".dead") {
      return Promise<void>::Resolve();
    }
    return inner_.Publish(std::move(records));
  }
};

// Takes a call without an answer for one that was carried out.
struct TakesSilenceForConsent final : ForwardingTransport {
  using ForwardingTransport::ForwardingTransport;
  Promise<void> Publish(std::vector<Record> records) override {
    return PublishIt(inner_, std::move(records));
  }
  static Promise<void> PublishIt(Transport& inner,
                                 std::vector<Record> records) {
    const absl::Status status =
        co_await AsStatusOr(inner.Publish(std::move(records)));
    if (status.code() != absl::StatusCode::kUnavailable) ThrowIfError(status);
  }
};

class ForgetfulInbox final : public Mutant {
 public:
  std::string name() const override { return "an inbox that forgets"; }
  void AfterEffect(store::Tx& tx) override {
    tx.Execute("DELETE FROM millrace_inbox");
  }
};

class EmitsApartFromTheChange final : public Mutant {
 public:
  std::string name() const override { return "events outside the transaction"; }
  bool EmitsApart() const override { return true; }
};

class AnswersBeforeItsWork final : public Mutant {
 public:
  std::string name() const override { return "a listener that answers early"; }
  std::unique_ptr<EventListener> Wrap(EventListener& listener) override {
    return std::make_unique<Early>(listener);
  }

 private:
  class Early final : public EventListener {
   public:
    explicit Early(EventListener& inner) : inner_(inner) {}
    Promise<void> Deliver(const EventEnvelope& event) override {
      Work(inner_, event).Detach();
      return Promise<void>::Resolve();
    }

   private:
    static Promise<void> Work(EventListener& inner, EventEnvelope event) {
      (void)co_await AsStatusOr(inner.Deliver(event));
    }
    EventListener& inner_;
  };
};

template <typename T>
std::shared_ptr<Mutant> Of(std::string name) {
  return std::make_shared<TransportMutant<T>>(std::move(name));
}

}  // namespace

std::vector<std::shared_ptr<Mutant>> AllMutants() {
  return {
      Of<EventsTransport<CommitsOneTooMany>>("commits one too many"),
      Of<EventsTransport<CommitsWideIslands>>("commits islands too wide"),
      Of<EventsTransport<CommitsBeforeEffects>>("commits before the effects"),
      Of<EventsTransport<ForgetsOnRevoke>>("forgets what it has on a revoke"),
      Of<EventsTransport<TwoLanesForAKey>>("two lanes for a key"),
      Of<EventsTransport<LosesRecords>>("loses a record now and then"),
      Of<AcknowledgesAtOnce>("the relay deletes before the acknowledgement"),
      Of<ReversesBatches>("batches in the wrong order"),
      Of<LosesLetters>("dead letters that are not written"),
      Of<TakesSilenceForConsent>("takes silence for consent"),
      std::make_shared<ForgetfulInbox>(),
      std::make_shared<EmitsApartFromTheChange>(),
      std::make_shared<AnswersBeforeItsWork>(),
  };
}

}  // namespace millrace::bus::sim
