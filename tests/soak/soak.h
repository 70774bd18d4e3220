// A soak: random operations of every kind on one loop, for as long as wanted,
// and then the question whether anything is left. What an operation starts has
// to end exactly once, every object is counted, and memory must not grow.
//
// One thread, besides those that operations have of their own. The same seed
// makes the same choices, not the same order of events.
#ifndef MILLRACE_TESTS_SOAK_SOAK_H_
#define MILLRACE_TESTS_SOAK_SOAK_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "loop/promise.h"

namespace millrace::soak {

// One of what is counted: rides in callbacks, frames and values. Any thread.
class Token {
 public:
  explicit Token(std::atomic<int64_t>& live) : live_(&live) { Add(1); }
  Token(const Token& other) : live_(other.live_) { Add(1); }
  Token& operator=(const Token&) = default;
  ~Token() { Add(-1); }

 private:
  void Add(int64_t by) const {
    live_->fetch_add(by, std::memory_order_relaxed);
  }

  std::atomic<int64_t>* live_;
};

struct Options {
  uint64_t operations = 0;
  uint64_t seed = 1;
};

struct Report {
  std::vector<std::pair<std::string, uint64_t>> operations;
  uint64_t turns = 0;
  uint64_t begun = 0;  // obligations
  uint64_t ended = 0;
  int64_t live = 0;      // tokens that are left
  size_t early_rss = 0;  // bytes, after a tenth of the operations
  size_t final_rss = 0;  // after the last one
  std::vector<std::string> problems;

  // What memory may grow by between the two: room for caches that are still
  // being filled and for what the allocator does, not for a leak of a byte for
  // each of ten million operations.
  size_t allowed_rss() const;
};

// What operations share.
class Soak {
 public:
  Soak(EventLoop& loop, uint64_t seed) : loop_(loop), random_(seed) {}

  EventLoop& loop() { return loop_; }
  Token token() { return Token(live_); }
  uint32_t Below(uint32_t limit) {
    return static_cast<uint32_t>(random_() % limit);
  }
  bool OneIn(uint32_t n) { return Below(n) == 0; }

  // Something has to end, and has ended.
  void Begin() { ++begun_; }
  void End() { ++ended_; }
  // The promise has to settle, with whatever.
  template <typename T>
  void Watch(Promise<T> promise) {
    Begin();
    loop_internal::OnSettled(std::move(promise),
                             [this, token = token()](Promise<T> settled) {
                               if (settled.rejected()) {
                                 static_cast<void>(settled.error());
                               }
                               End();
                             });
  }

  // Runs `task` soon, in one of the ways there are.
  void Later(Task task);
  // A promise that settles soon.
  Promise<Token> Soon(bool fail);

  void Problem(std::string text);

  int64_t live() const { return live_.load(std::memory_order_relaxed); }
  uint64_t begun() const { return begun_; }
  uint64_t ended() const { return ended_; }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  EventLoop& loop_;
  std::mt19937_64 random_;
  std::atomic<int64_t> live_{0};
  uint64_t begun_ = 0;
  uint64_t ended_ = 0;
  std::vector<std::string> problems_;
};

// Operations of one kind.
class Operations {
 public:
  virtual ~Operations() = default;
  virtual std::string_view name() const = 0;
  // One of them.
  virtual void Step() = 0;
  // No more will come: nothing may keep the loop running.
  virtual void Finish() {}
};

struct Weighted {
  uint32_t weight;
  std::unique_ptr<Operations> operations;
};

std::vector<Weighted> TimingOperations(Soak& soak);
std::vector<Weighted> PromiseOperations(Soak& soak);
std::vector<Weighted> EmitterOperations(Soak& soak);
std::vector<Weighted> ThreadOperations(Soak& soak);
std::vector<Weighted> SocketOperations(Soak& soak);

// Makes a loop for itself.
Report RunSoak(const Options& options);

}  // namespace millrace::soak

#endif  // MILLRACE_TESTS_SOAK_SOAK_H_
