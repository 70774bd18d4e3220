// One transaction on its way: from a loop to a worker thread and back.
//
// Its loop makes it and destroys it, so that what its functions captured may
// belong to the loop; in between it belongs to whoever runs it.
#ifndef MILLRACE_STORE_JOB_H_
#define MILLRACE_STORE_JOB_H_

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "base/context.h"
#include "loop/event_loop.h"
#include "store/session.h"
#include "store/statement_note.h"
#include "store/transaction.h"

namespace millrace::store {

struct Job {
  EventLoop* loop = nullptr;  // set by Lanes::Submit()
  Session::Mode mode = Session::Mode::kWrite;
  CallContext context;
  // Worker thread; may run more than once.
  absl::AnyInvocable<void(Tx&)> body;
  // Loop, once; null when committed.
  absl::AnyInvocable<void(std::exception_ptr)> settle;

  absl::Time queued;
  Timer timer;  // gives up waiting
  // Who decides: the loop gives up what has not started, a worker starts what
  // was not given up.
  enum State { kWaiting, kStarted, kGivenUp };
  std::atomic<State> state = kWaiting;

  // Worker thread, before each run.
  bool Start() {
    State before = kWaiting;
    return state.compare_exchange_strong(before, kStarted) ||
           before == kStarted;
  }
  // Loop.
  bool GiveUp() {
    State before = kWaiting;
    return state.compare_exchange_strong(before, kGivenUp);
  }

  StatementNote statement;
  std::optional<JobNote> note;  // on the loop, from Submit() to Finish()

  // The outcome.
  std::exception_ptr error;
  std::vector<std::function<void()>> hooks;
};

using JobPtr = std::shared_ptr<Job>;

}  // namespace millrace::store

#endif  // MILLRACE_STORE_JOB_H_
