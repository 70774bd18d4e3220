// gRPC on an event loop: one completion queue in which the loop's own thread
// sleeps, so that servers and channels need no thread of their own and every
// completion is a callback of the loop like any other. While there is neither a
// channel nor a server of grpc++'s the loop sleeps in libuv, as without engine.
//
// One engine per loop, made on the loop's thread. Servers and channels are
// made from it. Destroy them first, then the engine, then the loop, all on the
// loop's thread and outside Run(). Calls of the engine that are still in
// flight keep Run() alive; an idle channel does not.
#ifndef MILLRACE_RPC_ENGINE_H_
#define MILLRACE_RPC_ENGINE_H_

#include <cstdint>
#include <memory>

#include "loop/event_loop.h"

namespace millrace::rpc {

class EngineImpl;

struct EngineStats {
  uint64_t completions = 0;  // gRPC events dispatched
  uint64_t polls = 0;        // times the queue was asked without waiting
  uint64_t sleeps = 0;       // times the thread slept in the queue
  uint64_t wakes = 0;        // times it was woken for something else than gRPC
};

class Engine {
 public:
  // kAlways: the loop sleeps in the queue from the beginning, for tests of
  // that.
  enum class Sleep { kWhenUsed, kAlways };
  explicit Engine(EventLoop& loop, Sleep sleep = Sleep::kWhenUsed);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  EventLoop& loop() const;
  EngineStats stats() const;

  // For the files of this module.
  EngineImpl& impl() const { return *impl_; }

 private:
  std::unique_ptr<EngineImpl> impl_;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_ENGINE_H_
