#include "loop/watchdog.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/escaping.h"
#include "loop/loop_impl.h"
#include "loop/pulse.h"
#include "loop/thread_probe.h"

namespace millrace {
namespace {

using loop_internal::Pulse;
using loop_internal::ThreadProbe;
using Clock = std::chrono::steady_clock;

// How long a thread may take to say where it is.
constexpr absl::Duration kPatience = absl::Seconds(2);
// How exact the whole time of an overrun is.
constexpr absl::Duration kEndPeriod = absl::Milliseconds(5);
constexpr absl::Duration kShortestPeriod = absl::Milliseconds(1);

struct Watched {
  explicit Watched(Pulse& p, std::string n) : pulse(p), name(std::move(n)) {}

  Pulse& pulse;
  const std::string name;
  ThreadProbe probe;  // of the thread that makes this
  // The watchdog's own:
  uint64_t beat = 0;
  Clock::time_point since;
  bool parked = false;      // when this beat was seen before
  absl::Duration next_ask;  // how long the callback must have lasted
  bool reported = false;
  Overrun overrun;       // what was reported
  int64_t activity = 0;  // its start: tells it from others
};

}  // namespace

class Watchdog::Impl final : public Pulse::Sleeper {
 public:
  Impl(absl::Duration budget, Report report)
      : budget_(budget), report_(std::move(report)) {
    thread_ = std::thread([this] { Run(); });
    pthread_setname_np(thread_.native_handle(), "watchdog");
  }

  ~Impl() {
    {
      std::lock_guard lock(wake_mutex_);
      ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  Watched* Add(Pulse& pulse, std::string name) {
    auto watched = std::make_unique<Watched>(pulse, std::move(name));
    Watched* added = watched.get();
    pulse.SetSleeper(this);
    {
      std::lock_guard lock(list_mutex_);
      added->beat = pulse.beat();
      added->since = Clock::now();
      added->next_ask = budget_;
      list_.push_back(std::move(watched));
    }
    Wake();
    return added;
  }

  // Waits while the thread of `watched`, the caller's, is being asked.
  void Remove(Watched* watched) {
    std::lock_guard lock(list_mutex_);
    watched->pulse.SetSleeper(nullptr);
    list_.remove_if([&](const auto& held) { return held.get() == watched; });
  }

  void Wake() override {
    {
      std::lock_guard lock(wake_mutex_);
      woken_ = true;
    }
    wake_.notify_one();
  }

 private:
  void Run() {
    std::vector<Overrun> reports;
    while (true) {
      const absl::Duration period = LookAtAll(&reports);
      for (const Overrun& overrun : reports) report_(overrun);
      std::unique_lock lock(wake_mutex_);
      if (period == absl::InfiniteDuration()) {
        wake_.wait(lock, [this] { return ending_ || woken_; });
      } else if (reports.empty()) {
        wake_.wait_for(lock, absl::ToChronoNanoseconds(period),
                       [this] { return ending_; });
      }
      reports.clear();
      woken_ = false;
      if (ending_) return;
    }
  }

  // Returns when to look again.
  absl::Duration LookAtAll(std::vector<Overrun>* reports) {
    std::lock_guard lock(list_mutex_);
    absl::Duration period = absl::InfiniteDuration();
    for (const auto& watched : list_) {
      period = std::min(period, Look(*watched, reports));
    }
    return std::max(period, kShortestPeriod);
  }

  absl::Duration Look(Watched& watched, std::vector<Overrun>* reports) {
    const Clock::time_point now = Clock::now();
    const uint64_t beat = watched.pulse.beat();
    const absl::Duration lasted = absl::FromChrono(now - watched.since);
    if (beat != watched.beat) {
      if (std::exchange(watched.reported, false)) {
        watched.overrun.ended = true;
        watched.overrun.elapsed = lasted;
        reports->push_back(std::move(watched.overrun));
      }
      watched.beat = beat;
      watched.since = now;
      watched.next_ask = budget_;
      watched.parked = false;
      return budget_ / 4;
    }
    if (!Pulse::Busy(beat)) {
      // Asleep once this has been seen twice with the loop told to wake us.
      if (std::exchange(watched.parked, true) && watched.pulse.parked()) {
        return absl::InfiniteDuration();
      }
      watched.pulse.Park();
      return budget_ / 4;
    }
    if (lasted < watched.next_ask) {
      return std::min(watched.reported ? kEndPeriod : budget_,
                      std::min(budget_ / 4, watched.next_ask - lasted));
    }
    // Who it is now, less and less often.
    watched.next_ask = 2 * lasted;
    Ask(watched, beat, lasted, reports);
    return std::min(kEndPeriod, budget_ / 4);
  }

  static void Ask(Watched& watched, uint64_t beat, absl::Duration lasted,
                  std::vector<Overrun>* reports) {
    ThreadProbe::Answer answer;
    const bool answered = watched.probe.Ask(kPatience, &answer);
    // It may have ended meanwhile: then the answer is about something else.
    if (watched.pulse.beat() != beat) answer = {};
    if (watched.reported &&
        (answer.start == 0 || answer.start == watched.activity)) {
      return;
    }
    watched.reported = true;
    watched.activity = answer.start;
    watched.overrun = {.loop = watched.name,
                       .kind = std::move(answer.kind),
                       .handler = std::move(answer.handler),
                       .event = std::move(answer.event),
                       .trace_id = Activity::HexOf(answer.trace_id),
                       .elapsed = lasted};
    if (answered) {
      watched.overrun.stack = loop_internal::Symbolize(answer.frames);
    }
    reports->push_back(watched.overrun);
  }

  const absl::Duration budget_;
  Report report_;
  std::mutex list_mutex_;
  std::list<std::unique_ptr<Watched>> list_;
  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool woken_ = false;
  bool ending_ = false;
  std::thread thread_;
};

struct Watchdog::Watch::Held {
  Held(Impl* i, Watched* w) : impl(i), watched(w) {}
  ~Held() { impl->Remove(watched); }

  Impl* const impl;
  Watched* const watched;
};

Watchdog::Watch::Watch() = default;
Watchdog::Watch::Watch(std::unique_ptr<Held> held) : held_(std::move(held)) {}
Watchdog::Watch::Watch(Watch&&) noexcept = default;
Watchdog::Watch& Watchdog::Watch::operator=(Watch&&) noexcept = default;
Watchdog::Watch::~Watch() = default;

Watchdog::Watchdog(absl::Duration budget, Report report) {
  if (budget <= absl::ZeroDuration()) return;
  impl_ = std::make_unique<Impl>(budget, std::move(report));
}

Watchdog::~Watchdog() = default;

Watchdog::Watch Watchdog::Add(EventLoop& loop, std::string name) {
  loop.AssertThread();
  if (impl_ == nullptr) return Watch();
  return Watch(std::make_unique<Watch::Held>(
      impl_.get(), impl_->Add(loop.impl().pulse, std::move(name))));
}

}  // namespace millrace
