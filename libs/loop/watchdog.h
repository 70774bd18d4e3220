// Tells of callbacks that keep a loop from its other work, while they do.
//
// One thread watches any number of loops. A callback, with the ticks and
// microtasks behind it, that lasts longer than the budget is reported once
// while it still runs, with the activity and the stack it was found in, and
// once more when it has ended. When it is found in another activity later on,
// that is reported as well. The thread sleeps while the loops do: an idle
// process is woken for nothing, a busy loop makes it look a few times in each
// budget.
#ifndef MILLRACE_LOOP_WATCHDOG_H_
#define MILLRACE_LOOP_WATCHDOG_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "loop/event_loop.h"

namespace millrace {

struct Overrun {
  std::string loop;      // its name
  bool ended = false;    // the second report, with the whole time
  std::string kind;      // of the activity: "rpc"; empty when there is none
  std::string handler;   // "users.v1.UsersService/CreateUser"
  std::string event;     // "users.v1.UserEvents.Created"; empty for calls
  std::string trace_id;  // 32 digits, or empty
  // At least so long: the beginning is known to a quarter of the budget.
  absl::Duration elapsed;
  // Innermost first, a function each. Empty when the thread did not answer, and
  // then there is no activity either.
  std::vector<std::string> stack;
};

class Watchdog {
 public:
  // On the watchdog's thread. Must not throw.
  using Report = absl::AnyInvocable<void(const Overrun&)>;

  // A budget of zero watches nothing, and has no thread.
  Watchdog(absl::Duration budget, Report report);
  // Any thread, after all watches.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  class Impl;

  // The loop is watched while it lives. Made and destroyed on its thread,
  // before the loop and the watchdog.
  class [[nodiscard]] Watch {
   public:
    Watch();
    Watch(Watch&&) noexcept;
    Watch& operator=(Watch&&) noexcept;
    ~Watch();

   private:
    friend class Watchdog;
    struct Held;
    explicit Watch(std::unique_ptr<Held> held);

    std::unique_ptr<Held> held_;
  };

  // `name` stands in the reports.
  Watch Add(EventLoop& loop, std::string name);

 private:
  std::unique_ptr<Impl> impl_;  // null when nothing is watched
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_WATCHDOG_H_
