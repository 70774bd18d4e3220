// The connections of a server: kept while they are open and looked at now and
// then. Loop thread only; gone before its loop.
//
// A `Connection` has CheckTime(), which may close it.
#ifndef MILLRACE_LOOP_CONNECTION_SET_H_
#define MILLRACE_LOOP_CONNECTION_SET_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "loop/event_loop.h"
#include "loop/timer.h"

namespace millrace {

template <typename Connection>
class ConnectionSet {
 public:
  // `checked` is called when all have been checked.
  explicit ConnectionSet(EventLoop& loop, std::function<void()> checked = {})
      : loop_(loop), checked_(std::move(checked)) {}
  ~ConnectionSet() { StopTimers(); }
  ConnectionSet(const ConnectionSet&) = delete;
  ConnectionSet& operator=(const ConnectionSet&) = delete;

  size_t size() const { return all_.size(); }
  bool empty() const { return all_.empty(); }

  // While there are connections each is checked every `period`, which is the
  // first one's.
  void Add(std::shared_ptr<Connection> connection, absl::Duration period) {
    all_.emplace(connection.get(), std::move(connection));
    if (sweep_) return;
    sweep_ = loop_.SetInterval(period, [this] {
      ForEach([](Connection& each) { each.CheckTime(); });
      if (checked_) checked_();
    });
  }

  // False when it is not there. The connection may be running: it goes with
  // this turn's callbacks.
  bool Remove(Connection* connection) {
    const auto it = all_.find(connection);
    if (it == all_.end()) return false;
    loop_.NextTick([last = std::move(it->second)] {});
    all_.erase(it);
    if (all_.empty()) StopTimers();
    return true;
  }

  // Of those that are there now, also if `call` removes some.
  template <typename F>
  void ForEach(F call) {
    std::vector<std::shared_ptr<Connection>> now;
    now.reserve(all_.size());
    for (const auto& [key, connection] : all_) now.push_back(connection);
    for (const auto& connection : now) call(*connection);
  }

  // Calls `cut` when there are connections after `bound`.
  void CutAfter(absl::Duration bound, Task cut) {
    cut_ = loop_.SetTimeout(bound, std::move(cut));
  }

  // Lets go of all without a check more, and hands each to `call`.
  template <typename F>
  void Clear(F call) {
    StopTimers();
    const auto all = std::exchange(all_, {});
    for (const auto& [key, connection] : all) call(*connection);
  }

 private:
  void StopTimers() {
    if (sweep_) loop_.Clear(*std::exchange(sweep_, std::nullopt));
    if (cut_) loop_.Clear(*std::exchange(cut_, std::nullopt));
  }

  EventLoop& loop_;
  const std::function<void()> checked_;
  absl::flat_hash_map<Connection*, std::shared_ptr<Connection>> all_;
  std::optional<Timer> sweep_;  // while there are connections
  std::optional<Timer> cut_;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_CONNECTION_SET_H_
