// Publishes records through one idempotent producer (acks=all). Loop thread
// only.
//
// Records are handed to librdkafka in the order of the calls, as many as the
// options allow in flight; the rest waits here. Delivery reports come back as
// events and settle the promises. A record of which no broker has told an
// offset is not acknowledged. The first record that a producer has for a
// partition goes alone: see first_records.h.
//
// When something goes wrong in a way that could let a record pass one of its
// key that was given up (a batch refused, a sequence out of step, no
// acknowledgement within publish_timeout), everything outstanding is rejected,
// the producer is replaced by a new one, and callers publish again.
#ifndef MILLRACE_BUS_KAFKA_PUBLISHER_H_
#define MILLRACE_BUS_KAFKA_PUBLISHER_H_

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "absl/status/status.h"
#include "bus/kafka/environment.h"
#include "bus/kafka/first_records.h"
#include "bus/kafka/reachability.h"
#include "bus/kafka/wake.h"
#include "bus/transport.h"
#include "loop/promise.h"

namespace millrace::bus::kafka {

class Publisher {
 public:
  explicit Publisher(Environment& environment);
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // Makes the producer. INVALID_ARGUMENT when a setting is refused.
  absl::Status Start();

  Promise<void> Publish(std::vector<Record> records);

  // Resolves when nothing is outstanding; rejects with DEADLINE_EXCEEDED when
  // that takes longer than `bound`, and all that is left with it. Nothing can
  // be published from now on.
  Promise<void> Close(absl::Duration bound);

  Reachability& reachability() { return reachability_; }
  // Null while there is none.
  Handle client() const { return client_; }

  // For tests: the producer fails for good, as after a sequence out of step.
  void FailForTest();

 private:
  // One call of Publish().
  struct Batch {
    std::vector<Record> records;
    size_t next = 0;       // the first one not handed over
    size_t unacked = 0;    // handed over, without a report
    size_t waiting = 0;    // in ProducedTopic::waiting
    bool untimed = false;  // without the times of its records
    int64_t deadline_ms = 0;
    absl::Status failure;
    Deferred<void> done;
    std::list<Batch>::iterator self;
  };
  using Batches = std::list<Batch>;

  struct Waiting {
    Batch* batch;
    Record record;
  };
  struct ProducedTopic {
    rd_kafka_topic_t* handle = nullptr;
    // 0 while it is not known. librdkafka's threads set it.
    std::atomic<int> partitions{0};
    FirstRecords first;
    // For the first of their partitions, oldest first.
    std::deque<Waiting> waiting;
    // One of these may be the first of any: nothing else goes, or it never may.
    bool waits_for_all = false;
  };
  // What one producer knows of its topics. The loop adds and finds them, and
  // locks to add; librdkafka's threads lock to find.
  struct ProducedTopics {
    std::mutex mutex;
    absl::node_hash_map<std::string, ProducedTopic> by_name;
  };

  absl::Status Check(const std::vector<Record>& records) const;
  bool Turn();
  int Drain(int budget);
  void OnReports(rd_kafka_event_t* event);
  void OnReport(const rd_kafka_message_t& message);
  void OnError(rd_kafka_event_t* event);
  absl::Status Refused(const Batch& batch, const rd_kafka_message_t& message);
  void SetForAWhile(bool* careful, Timer* end);
  // Then nothing more is handed over, and once all is acknowledged the producer
  // is replaced by one that batches.
  bool needlessly_alone() const { return alone_ && !one_by_one_; }
  // Hands records over. Returns whether it stopped because it did enough.
  bool Pump(int budget);
  // What waited and may go now. False when librdkafka has no more room.
  bool PumpWaiting();
  enum class Handed { kYes, kWaits, kFull, kRefused };
  // `record` is moved away when it waits.
  Handed HandOver(Batch& batch, Record& record);
  rd_kafka_resp_err_t Produce(Batch& batch, const Record& record,
                              rd_kafka_topic_t* topic);
  // What comes after a record that failed must not pass it.
  void GiveUp(Batch& batch);
  static bool IsDone(const Batch& batch);
  ProducedTopic& Topic(std::string_view name);
  // The partitioner.
  static int32_t Place(const rd_kafka_topic_t* topic, const void* key,
                       size_t size, int32_t partitions, void* state,
                       void* message_opaque);
  void Finish(Batches::iterator batch);
  void OnDeadline();
  void ArmDeadline();

  // Rejects all that is outstanding and replaces the producer.
  void Reset(const absl::Status& reason);
  // Replaces the producer, of which no reports are awaited.
  void Restart();
  void DropClient();

  Environment& environment_;
  Reachability reachability_;
  Wake wake_;
  Handle client_;
  rd_kafka_queue_t* queue_ = nullptr;
  std::shared_ptr<ProducedTopics> topics_;  // of client_
  std::vector<ProducedTopic*> freed_;       // what waits there may go

  Batches batches_;                          // in the order of the calls
  Batches::iterator pump_ = batches_.end();  // the first with records left
  Timer deadline_;
  bool fatal_ = false;  // reports of the old producer are still awaited
  Timer fatal_bound_;
  Timer retry_;  // when no producer could be made
  // What a refusal has asked for, for a while: see Refused().
  bool one_by_one_ = false;  // of the next producer
  Timer one_by_one_end_;
  bool untimed_ = false;  // of the next batches
  Timer untimed_end_;
  bool alone_ = false;  // the producer that there is sends each record alone
  std::optional<Deferred<void>> closing_;
  Timer close_bound_;
};

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_PUBLISHER_H_
