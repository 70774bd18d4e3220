// Removes people whose purge time has come, and says so to others
// (UserEvents.Purged), in the transaction that removes the row; and sessions
// and tickets that have expired, of which nobody has to hear.
//
// Any number of processes and loops may run one: each row goes once. Loop
// thread; everything it is given outlives it.
#ifndef MILLRACE_SERVICES_USERS_PURGE_H_
#define MILLRACE_SERVICES_USERS_PURGE_H_

#include <cstdint>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/logger.h"
#include "bus/outbox.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "services/users/lockout.h"
#include "store/database.h"

namespace millrace::users {

struct PurgeOptions {
  absl::Duration period = absl::Minutes(10);
  int64_t batch = 100;  // people to a transaction
  // Failures that the lockout still counts stay.
  absl::Duration memory = LockoutOptions().memory;
};

class Purger {
 public:
  Purger(store::Database& database, bus::Outbox& outbox, const Clock& clock,
         Logger& logger, PurgeOptions options = {});
  ~Purger() { timer_.Clear(); }
  Purger(const Purger&) = delete;
  Purger& operator=(const Purger&) = delete;

  // Purges now and then again each period. What fails is logged, and done the
  // next time.
  void Start(EventLoop& loop);

  // Resolves when nothing runs any more; nothing begins from now on.
  Promise<void> Stop();

  // Removes all that are due, batch by batch; resolves with their number.
  Promise<int64_t> PurgeDue();

 private:
  Promise<void> Round();

  store::Database& database_;
  bus::Outbox& outbox_;
  const Clock& clock_;
  Logger& logger_;
  const PurgeOptions options_;
  Timer timer_;
  bool stopped_ = false;
  Promise<void> round_ = Promise<void>::Resolve();
};

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_PURGE_H_
