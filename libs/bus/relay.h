// Publishes what the outbox has, and deletes what is published.
//
// Rows go out in batches in the order of their ids, one batch after the other,
// so that events of a key keep their order. A batch is deleted soon after the
// transport has acknowledged all of it; the table is as small as what is not
// yet published. While the transport or the database is away the rows wait,
// the relay tries again with growing pauses, and memory stays that of a batch.
// A row that the transport will never take (INVALID_ARGUMENT) is set aside
// with the reason, reported and counted, and the others go on.
//
// It wakes when a transaction that emitted something commits, and sleeps
// otherwise. When several processes share the database (PostgreSQL, or
// `shared`) a lease row makes one of them the publisher at a time; the others
// look in slowly, in case it died. Two at once, after a long stall, make
// duplicates, no gaps.
//
// Loop thread only. What it is given outlives it.
#ifndef MILLRACE_BUS_RELAY_H_
#define MILLRACE_BUS_RELAY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/backoff.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "bus/outbox.h"
#include "bus/transport.h"
#include "loop/event_loop.h"
#include "loop/promise.h"

namespace millrace::bus {

struct RelayOptions {
  int batch_rows = 500;
  int64_t batch_bytes = 4 << 20;
  BackoffPolicy backoff{absl::Milliseconds(100), absl::Seconds(5), 2};
  // Whether others may publish from this database too. Unset: on PostgreSQL.
  std::optional<bool> shared;
  absl::Duration lease = absl::Seconds(20);
  absl::Duration poll = absl::Seconds(2);  // when shared
  // Tells the outboxes of a process apart in metrics: the service's name.
  std::string name;
  // Topics of these are made when the transport does not know them.
  std::vector<const ContractInfo*> contracts;

  absl::Status Validate() const;
};

class OutboxRelay {
 public:
  OutboxRelay(EventLoop& loop, Outbox& outbox, Transport& transport,
              Logger& logger, Metrics& metrics, RelayOptions options = {});
  // Stops as if killed, unless Stop() has resolved.
  ~OutboxRelay();
  OutboxRelay(const OutboxRelay&) = delete;
  OutboxRelay& operator=(const OutboxRelay&) = delete;

  // The outbox's tables exist. INVALID_ARGUMENT for options that cannot work.
  absl::Status Start();

  // Looks whether there is anything: for those who learn of commits that this
  // outbox does not tell of, as those of other loops.
  void Wake();

  // Publishes what is there, at most for `bound`, and ends. DEADLINE_EXCEEDED
  // when rows are left: they wait for the next process.
  Promise<void> Stop(absl::Duration bound);

  // Reads how much waits to be published and sets the metrics that say so:
  // millrace_bus_outbox_rows and millrace_bus_outbox_oldest_age_seconds, which
  // have a label with the outbox's name. Rejects when the database does.
  Promise<void> Measure();

  // UNAVAILABLE with the reason while rows wait because something is away.
  absl::Status health() const;

 private:
  class Core;

  const std::shared_ptr<Core> core_;
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_RELAY_H_
