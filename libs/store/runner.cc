#include "store/runner.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/strings.h"

namespace millrace::store {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(2);
constexpr absl::Duration kLongestPause = absl::Milliseconds(200);
constexpr absl::Duration kMigrationPatience = absl::Minutes(10);

Fault FaultOf(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const SqlError& e) {
    return e.fault();
  } catch (...) {
    return Fault::kStatement;
  }
}

bool WorthRetrying(Fault fault) {
  return fault == Fault::kContention || fault == Fault::kStalePlan;
}

// Has a session tell a job what it runs for it.
class Telling {
 public:
  Telling(std::unique_ptr<Session>& session, Job& job) : session_(session) {
    session_->TellStatements(&job.statement);
  }
  ~Telling() {
    if (session_ != nullptr) session_->TellStatements(nullptr);
  }

 private:
  std::unique_ptr<Session>& session_;
};

std::exception_ptr LateError() {
  return std::make_exception_ptr(StatusError(absl::DeadlineExceededError(
      "the deadline passed before the transaction could start")));
}

}  // namespace

RunnerMetrics::RunnerMetrics(Metrics& metrics)
    : write_seconds(metrics.AddHistogram(
          "millrace_store_transaction_seconds",
          "Time of a transaction with its retries, without the wait",
          {{"kind", "write"}}, LatencyBuckets())),
      read_seconds(metrics.AddHistogram(
          "millrace_store_transaction_seconds",
          "Time of a transaction with its retries, without the wait",
          {{"kind", "read"}}, LatencyBuckets())),
      wait_seconds(metrics.AddHistogram(
          "millrace_store_wait_seconds",
          "Time that a transaction waited for a connection", {},
          LatencyBuckets())),
      retries(metrics.AddCounter(
          "millrace_store_retries_total",
          "Transactions run again after losing against another")),
      connects(metrics.AddCounter("millrace_store_connects_total",
                                  "Connections opened to a database")) {}

Runner::Runner(RunnerOptions options, RunnerMetrics& metrics, Logger& logger,
               std::shared_ptr<std::atomic<bool>> away)
    : options_(std::move(options)),
      metrics_(metrics),
      logger_(logger),
      away_(std::move(away)),
      random_(std::random_device{}()) {}

void Runner::Run(absl::Span<const JobPtr> jobs) {
  const absl::Time start = absl::Now();
  for (const JobPtr& job : jobs) {
    metrics_.wait_seconds.Observe(absl::ToDoubleSeconds(start - job->queued));
  }
  if (jobs.size() == 1 || !RunTogether(jobs)) {
    for (const JobPtr& job : jobs) {
      if (job->Start()) RunAlone(*job);
    }
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  for (const JobPtr& job : jobs) {
    const bool read = job->mode == Session::Mode::kRead;
    (read ? metrics_.read_seconds : metrics_.write_seconds).Observe(seconds);
  }
}

void Runner::RunAlone(Job& job) {
  // A migration waits for whoever holds the lock, as long as one may take.
  const bool migrate = job.mode == Session::Mode::kMigrate;
  const absl::Time give_up =
      absl::Now() + (migrate ? kMigrationPatience : options_.retry_for);
  for (int attempt = 1;; ++attempt) {
    Fault fault = Fault::kStatement;
    if (Attempt(job, &fault)) return;
    if (fault == Fault::kNotBegun) continue;
    if (!WorthRetrying(fault)) return;
    const absl::Duration pause = PauseAfter(attempt);
    const absl::Time next = absl::Now() + pause;
    if ((attempt >= options_.max_attempts && !migrate) || next > give_up ||
        next > job.context.deadline) {
      job.error = std::make_exception_ptr(StatusError(absl::AbortedError(
          StrCat("gave up after ", attempt,
                 " attempts: ", MessageOf(StatusFrom(job.error))))));
      return;
    }
    metrics_.retries.Add();
    absl::SleepFor(pause);
  }
}

bool Runner::Attempt(Job& job, Fault* fault) {
  job.error = nullptr;
  job.hooks.clear();
  std::exception_ptr cause;  // what decides whether to run again
  try {
    if (absl::Now() > job.context.deadline) std::rethrow_exception(LateError());
    job.statement.Set("BEGIN");
    Begin(job.mode, job.context.deadline);
    const Telling telling(session_, job);
    Tx tx(*session_, job.context, options_.session.url.dialect);
    try {
      job.body(tx);
      job.error = tx.failure();
    } catch (...) {
      job.error = std::current_exception();
    }
    if (job.error == nullptr) {
      job.statement.Set("COMMIT");
      session_->Commit();
      job.hooks = tx.TakeHooks();
      return true;
    }
    cause = tx.failure();
    // The body may say it in its own words, unless it is to be run again.
    if (cause != nullptr && WorthRetrying(FaultOf(cause))) job.error = cause;
  } catch (...) {
    job.error = std::current_exception();
  }
  *fault = FaultOf(cause == nullptr ? job.error : cause);
  if (*fault == Fault::kNotBegun) {
    if (!fresh_) {
      session_ = nullptr;
      return false;
    }
    *fault = Fault::kConnection;
  }
  if (*fault == Fault::kConnection || *fault == Fault::kUnknown) {
    NoteAway(StatusFrom(cause == nullptr ? job.error : cause));
  }
  Undo();
  if (*fault == Fault::kStalePlan) session_ = nullptr;
  return false;
}

bool Runner::RunTogether(absl::Span<const JobPtr> jobs) {
  try {
    Begin(Session::Mode::kWrite, absl::InfiniteFuture());
    for (const JobPtr& job : jobs) {
      if (!job->Start()) continue;
      job->error = nullptr;
      job->hooks.clear();
      if (absl::Now() > job->context.deadline) {
        job->error = LateError();
        continue;
      }
      session_->Savepoint();
      session_->SetDeadline(job->context.deadline);
      const Telling telling(session_, *job);
      Tx tx(*session_, job->context, options_.session.url.dialect);
      try {
        job->body(tx);
        job->error = tx.failure();
      } catch (...) {
        job->error = std::current_exception();
      }
      const bool again =
          tx.failure() != nullptr && FaultOf(tx.failure()) != Fault::kStatement;
      if (again || !session_->in_transaction()) {
        Undo();
        return false;
      }
      session_->SetDeadline(absl::InfiniteFuture());
      if (job->error == nullptr) {
        job->hooks = tx.TakeHooks();
        session_->ReleaseSavepoint();
      } else {
        session_->RollbackToSavepoint();
      }
    }
    for (const JobPtr& job : jobs) job->statement.Set("COMMIT");
    session_->Commit();
    return true;
  } catch (...) {
    Undo();
    return false;
  }
}

void Runner::Begin(Session::Mode mode, absl::Time deadline) {
  fresh_ = session_ == nullptr;
  try {
    Connected().Begin(mode, deadline);
  } catch (const SqlError& e) {
    if (fresh_ || e.fault() != Fault::kConnection) throw;
    session_ = nullptr;
    fresh_ = true;
    Connected().Begin(mode, deadline);
  }
}

Session& Runner::Connected() {
  if (session_ == nullptr) {
    session_ = Session::Connect(options_.session);
    metrics_.connects.Add();
    if (away_->exchange(false)) {
      logger_.Info("database is back",
                   {{"database", options_.session.url.display}});
    }
  }
  return *session_;
}

void Runner::Undo() {
  if (session_ == nullptr) return;
  try {
    if (session_->usable()) session_->Rollback();
  } catch (const StatusError&) {
    session_ = nullptr;  // its state is unknown; a new one is clean
    return;
  }
  if (!session_->usable()) session_ = nullptr;
}

// Between half and all of a pause that doubles with each attempt.
absl::Duration Runner::PauseAfter(int attempt) {
  const absl::Duration pause =
      std::min(kLongestPause, kFirstPause * std::exp2(attempt - 1));
  return pause * std::uniform_real_distribution<>(0.5, 1)(random_);
}

void Runner::NoteAway(const absl::Status& status) {
  if (away_->exchange(true)) return;
  logger_.Warning("database is away",
                  {{"database", options_.session.url.display},
                   {"error", MessageOf(status)}});
}

}  // namespace millrace::store
