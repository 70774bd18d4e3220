// Brings the events of librdkafka's queues to the loop: their descriptor is an
// eventfd that the loop watches, so that no thread of ours polls. Loop thread
// only, but for librdkafka, which writes to the eventfd.
//
// librdkafka signals a queue once, when it turns from empty to not empty, and
// then not again until it was polled. So whoever is woken polls each queue
// until it is empty, or says that something is left and is woken again in the
// loop's next turn, after others had theirs.
#ifndef MILLRACE_BUS_KAFKA_WAKE_H_
#define MILLRACE_BUS_KAFKA_WAKE_H_

#include <librdkafka/rdkafka.h>

#include <memory>

#include "absl/functional/any_invocable.h"
#include "loop/event_loop.h"
#include "loop/fd_watcher.h"

namespace millrace::bus::kafka {

class Wake {
 public:
  // `turn` returns whether it left something, because it has done enough for
  // one turn. It may call Stop(), but not destroy the Wake.
  Wake(EventLoop& loop, absl::AnyInvocable<bool()> turn);
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  // From now on `queue` wakes. Its owner calls Unwatch() before it drops the
  // queue, and before the Wake is stopped or destroyed.
  void Watch(rd_kafka_queue_t* queue);
  static void Unwatch(rd_kafka_queue_t* queue);

  // A turn will come, whatever the queues say.
  void Again();

  // No turn comes any more, and the loop is not kept running by this.
  void Stop();

 private:
  void OnReadable();
  void Run();

  EventLoop& loop_;
  absl::AnyInvocable<bool()> turn_;
  int fd_;
  std::unique_ptr<FdWatcher> watcher_;
  Immediate again_;
  bool armed_ = false;
};

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_WAKE_H_
