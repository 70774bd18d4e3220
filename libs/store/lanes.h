// Threads that run jobs, each with a session of its own, from one queue in
// order of arrival.
//
// Several loops may share them. Everything but the threads' own work happens on
// the loop of the job: it is submitted there, gives up waiting there, and
// settles there. Drained and destroyed on the loop they were made on. That
// rejects what is queued with CANCELLED and waits for what runs; loops with
// jobs here must still exist.
#ifndef MILLRACE_STORE_LANES_H_
#define MILLRACE_STORE_LANES_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "base/metrics.h"
#include "loop/event_loop.h"
#include "store/job.h"
#include "store/runner.h"

namespace millrace::store {

class Lanes {
 public:
  struct Options {
    int threads = 1;   // 0: jobs run on the loop, one after the other
    size_t batch = 1;  // the most writes that share a commit
    absl::Duration acquire_timeout = absl::Seconds(5);
    std::string database;  // as it is shown
    // How many jobs wait, and how many sessions have some; null: nobody asks.
    Gauge* waiting = nullptr;
    Gauge* busy = nullptr;
  };

  using MakeRunner = std::function<std::unique_ptr<Runner>()>;

  // `make_runner` is called on each thread, or at once.
  Lanes(EventLoop& loop, const Options& options, MakeRunner make_runner);
  ~Lanes();

  // On any loop's thread. False, and nothing happens, after Drain().
  bool Submit(JobPtr job);

  // Runs what is queued, ends the threads, then calls `done` on the loop they
  // were made on.
  void Drain(Task done);

 private:
  struct Queue;

  static void Work(EventLoop& home, Queue& queue, size_t batch,
                   const MakeRunner& make_runner);
  // A turn of the loop for one job, when there are no threads.
  static void RunOne(Queue& queue);
  static void Finish(Job& job);
  static absl::Status GaveUp(const Job& job, const Queue& queue);
  void Join();

  EventLoop& loop_;
  const Options options_;
  const std::shared_ptr<Queue> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace millrace::store

#endif  // MILLRACE_STORE_LANES_H_
