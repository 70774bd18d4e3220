#include "store/database.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "store/database_url.h"
#include "store/job.h"
#include "store/lanes.h"
#include "store/migrator.h"
#include "store/runner.h"

namespace millrace::store {

namespace {

// Outlives the Database when it is destroyed while it closes.
struct Closing {
  explicit Closing(EventLoop& loop) : loop(loop) {
    loop.AddRef("closing database");
  }

  void OneDrained() {
    if (--draining > 0) return;
    loop.ReleaseRef("closing database");
    done.Resolve();
  }

  EventLoop& loop;
  Deferred<void> done;
  int draining = 0;
};

}  // namespace

struct Database::Parts {
  Parts(EventLoop& loop, Logger& logger, Metrics& metrics, DatabaseUrl url)
      : loop(loop),
        logger(logger),
        metrics(metrics),
        url(std::move(url)),
        statements(metrics, this->url.display) {}

  EventLoop& loop;
  Logger& logger;
  RunnerMetrics metrics;
  const DatabaseUrl url;
  StatementMetrics statements;
  const std::shared_ptr<std::atomic<bool>> away =
      std::make_shared<std::atomic<bool>>(false);
  // SQLite has one writer, and readers beside it unless it is in memory;
  // PostgreSQL has one pool for all.
  std::unique_ptr<Lanes> writers;
  std::unique_ptr<Lanes> readers;
  std::shared_ptr<Closing> closing;
};

absl::StatusOr<std::unique_ptr<Database>> Database::Open(
    EventLoop& loop, DatabaseOptions options, Logger& logger,
    Metrics& metrics) {
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  auto url = ParseDatabaseUrl(options.url, options.connect_timeout);
  if (!url.ok()) return url.status();
  auto parts = std::make_unique<Parts>(loop, logger, metrics, *url);
  RunnerOptions runner = {.session = {.url = *url,
                                      .statement_cache = static_cast<size_t>(
                                          options.statement_cache),
                                      .busy_timeout = options.busy_timeout,
                                      .statements = &parts->statements,
                                      .on_statement = options.on_statement},
                          .max_attempts = options.max_attempts,
                          .retry_for = options.retry_for};
  const auto make = [&parts = *parts](RunnerOptions options) {
    return [&parts, options = std::move(options)] {
      return std::make_unique<Runner>(options, parts.metrics, parts.logger,
                                      parts.away);
    };
  };
  // The pool of a database is told from others by what it is for.
  const auto measured = [&metrics, &name = url->display](
                            Lanes::Options lanes, const std::string& pool) {
    const Metrics::Labels labels = {{"database", name}, {"pool", pool}};
    lanes.waiting = &metrics.AddGauge(
        "millrace_store_waiting_jobs",
        "Transactions and reads that wait for a connection.", labels);
    lanes.busy = &metrics.AddGauge("millrace_store_busy_connections",
                                   "Connections that work.", labels);
    metrics
        .AddGauge("millrace_store_connections",
                  "Connections that there may be.", labels)
        .Set(std::max(lanes.threads, 1));
    return lanes;
  };
  Lanes::Options lanes = {.threads = options.pool_size,
                          .acquire_timeout = options.acquire_timeout,
                          .database = url->display};
  if (url->dialect == Dialect::kPostgres) {
    parts->writers =
        std::make_unique<Lanes>(loop, measured(lanes, "all"), make(runner));
  } else {
    if (!url->in_memory()) {
      RunnerOptions reader = runner;
      reader.session.read_only = true;
      parts->readers =
          std::make_unique<Lanes>(loop, measured(lanes, "read"), make(reader));
    }
    lanes.threads = options.on_loop ? 0 : 1;
    lanes.batch = options.group_commit;
    parts->writers =
        std::make_unique<Lanes>(loop, measured(lanes, "write"), make(runner));
  }
  return std::unique_ptr<Database>(new Database(std::move(parts)));
}

Database::Database(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Database::~Database() = default;

Dialect Database::dialect() const { return parts_->url.dialect; }

const std::string& Database::name() const { return parts_->url.display; }

void Database::Submit(Kind kind, CallContext context,
                      absl::AnyInvocable<void(Tx&)> body,
                      absl::AnyInvocable<void(std::exception_ptr)> settle) {
  assert(EventLoop::Current() != nullptr);
  auto job = std::make_shared<Job>();
  job->mode = kind == kRead    ? Session::Mode::kRead
              : kind == kWrite ? Session::Mode::kWrite
                               : Session::Mode::kMigrate;
  job->context = std::move(context);
  job->body = std::move(body);
  job->settle = std::move(settle);
  const bool beside = kind == kRead && parts_->readers != nullptr;
  if ((beside ? parts_->readers : parts_->writers)->Submit(job)) return;
  job->settle(std::make_exception_ptr(StatusError(absl::FailedPreconditionError(
      StrCat("database ", name(), " is closed")))));
}

Promise<void> Database::Ping() {
  return Read([](Tx& tx) { tx.Query("SELECT 1"); });
}

Promise<void> Database::Migrate(std::string module,
                                std::vector<Migration> migrations) {
  const MigrationStep step{module, std::move(migrations)};
  const CallContext context;
  for (;;) {
    const MigrationStep::Done done = co_await Start(kMigrate, context, step);
    if (done.ahead.has_value()) {
      parts_->logger.Warning(
          "the schema is of a newer program; this one may run on it",
          {{"database", name()},
           {"module", module},
           {"version", done.ahead->version},
           {"name", done.ahead->name}});
    }
    if (!done.applied.has_value()) co_return;
    parts_->logger.Info("migration applied",
                        {{"database", name()},
                         {"module", module},
                         {"version", done.applied->version},
                         {"name", done.applied->name}});
  }
}

Promise<void> Database::Close() {
  Parts& parts = *parts_;
  parts.loop.AssertThread();
  if (parts.closing != nullptr) return parts.closing->done.promise();
  parts.closing = std::make_shared<Closing>(parts.loop);
  for (Lanes* lanes : {parts.writers.get(), parts.readers.get()}) {
    if (lanes == nullptr) continue;
    ++parts.closing->draining;
    lanes->Drain([closing = parts.closing] { closing->OneDrained(); });
  }
  return parts.closing->done.promise();
}

}  // namespace millrace::store
