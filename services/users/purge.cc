#include "services/users/purge.h"

#include <string>

#include "base/status.h"
#include "base/strings.h"
#include "services/users/permissions.h"
#include "services/users/sessions_store.h"
#include "services/users/store.h"
#include "services/users/wire.h"
#include "users/v1/events.millrace.h"

namespace millrace::users {

using ::users::v1::UserEvents;

Purger::Purger(store::Database& database, bus::Outbox& outbox,
               const Clock& clock, Logger& logger, PurgeOptions options)
    : database_(database),
      outbox_(outbox),
      clock_(clock),
      logger_(logger),
      options_(options) {}

void Purger::Start(EventLoop& loop) {
  round_ = Round();
  timer_ = loop.SetInterval(options_.period, [this] {
    if (round_.settled()) round_ = Round();
  });
  timer_.Unref();
}

Promise<void> Purger::Stop() {
  stopped_ = true;
  timer_.Clear();
  co_await round_;
}

// Rejects never.
Promise<void> Purger::Round() {
  try {
    const int64_t purged = co_await PurgeDue();
    if (purged > 0) {
      logger_.Info("people were purged", {{"count", StrCat(purged)}});
    }
    co_await database_.Transact([this](store::Tx& tx) {
      const absl::Time now = clock_.Now();
      return PruneSessions(tx, now, now - options_.memory);
    });
  } catch (...) {
    logger_.Warning(
        "people could not be purged; it is tried again",
        {{"error", MessageOf(StatusFrom(std::current_exception()))}});
  }
}

Promise<int64_t> Purger::PurgeDue() {
  struct Batch {
    int64_t due = 0;
    int64_t removed = 0;
  };
  int64_t purged = 0;
  for (bool more = true; more && !stopped_;) {
    const absl::Time now = clock_.Now();
    const Batch batch = co_await database_.Transact([&](store::Tx& tx) {
      Batch batch;
      for (const std::string& id : ListPurgeable(tx, now, options_.batch)) {
        ++batch.due;
        if (!Purge(tx, id, now)) continue;
        SavePermissions(tx, id, {}, now);
        outbox_.Emit<UserEvents::Purged>(tx, ToPurged(id, now));
        ++batch.removed;
      }
      return batch;
    });
    purged += batch.removed;
    more = batch.due == options_.batch;
  }
  co_return purged;
}

}  // namespace millrace::users
