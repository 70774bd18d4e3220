// Runs jobs on one session: connects, begins, runs the body, commits, and
// runs again what lost a race. Belongs to one worker thread.
//
// Runs again: serialization failures, deadlocks, a busy database, a plan made
// stale by a migration; bounded in number and time, with growing pauses. A
// connection found dead when a transaction begins is replaced once, silently:
// nothing of it had happened.
#ifndef MILLRACE_STORE_RUNNER_H_
#define MILLRACE_STORE_RUNNER_H_

#include <atomic>
#include <memory>
#include <random>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "store/job.h"
#include "store/session.h"
#include "store/sql_error.h"

namespace millrace::store {

struct RunnerOptions {
  Session::Options session;
  int max_attempts = 10;
  absl::Duration retry_for = absl::Seconds(5);
};

// Shared by the runners of a database.
struct RunnerMetrics {
  explicit RunnerMetrics(Metrics& metrics);

  Histogram& write_seconds;
  Histogram& read_seconds;
  Histogram& wait_seconds;
  Counter& retries;
  Counter& connects;
};

class Runner {
 public:
  // `away` is shared by the runners of a database, so that a lost server is
  // reported once.
  Runner(RunnerOptions options, RunnerMetrics& metrics, Logger& logger,
         std::shared_ptr<std::atomic<bool>> away);

  // Settles nothing: fills in each job's outcome. Several jobs, all writes,
  // share one commit (and so one fsync) where that makes no difference.
  void Run(absl::Span<const JobPtr> jobs);

 private:
  void RunAlone(Job& job);
  // False when nothing has happened and each should be run alone.
  bool RunTogether(absl::Span<const JobPtr> jobs);
  // One run of the job; the fault is what its failure means for a retry.
  bool Attempt(Job& job, Fault* fault);

  Session& Connected();
  absl::Duration PauseAfter(int attempt);
  void Begin(Session::Mode mode, absl::Time deadline);
  void Undo();
  void NoteAway(const absl::Status& status);

  const RunnerOptions options_;
  RunnerMetrics& metrics_;
  Logger& logger_;
  const std::shared_ptr<std::atomic<bool>> away_;
  std::unique_ptr<Session> session_;
  bool fresh_ = false;  // the session was made for this attempt
  std::minstd_rand random_;
};

}  // namespace millrace::store

#endif  // MILLRACE_STORE_RUNNER_H_
