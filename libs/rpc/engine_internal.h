// The completion queue as the loop's poll source. Private to rpc.
//
// The loop's thread drains the queue and sleeps in it. libuv's descriptor is
// watched by a helper thread meanwhile, which ends the sleep with an immediate
// alarm; Wake() does the same for any other thread. gRPC's own descriptor is
// never nested in another epoll set: an alarm of gRPC's timer thread would not
// show there.
#ifndef MILLRACE_RPC_ENGINE_INTERNAL_H_
#define MILLRACE_RPC_ENGINE_INTERNAL_H_

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <atomic>
#include <mutex>
#include <optional>

#include "absl/time/time.h"
#include "loop/event_loop.h"
#include "loop/poll_source.h"
#include "rpc/engine.h"
#include "rpc/fd_helper.h"

namespace millrace::rpc {

// What stands in the queue as a tag.
class Completion {
 public:
  virtual void Complete(bool ok) = 0;

 protected:
  ~Completion() = default;
};

// A member whose completion calls a method of its owner.
template <typename Owner, void (Owner::*kMethod)(bool)>
class CompletionOf final : public Completion {
 public:
  explicit CompletionOf(Owner* owner) : owner_(owner) {}
  void Complete(bool ok) override { (owner_->*kMethod)(ok); }
  void* tag() { return static_cast<Completion*>(this); }

 private:
  Owner* const owner_;
};

class EngineImpl final : public PollSource {
 public:
  explicit EngineImpl(EventLoop& loop);
  ~EngineImpl();

  EventLoop& loop() { return loop_; }
  grpc::ServerCompletionQueue* queue() { return &queue_; }
  const EngineStats& stats() const { return stats_; }

  // Whether anything of gRPC's may come: a server that listens, a channel, a
  // call. Without, the loop sleeps in libuv, which needs no helper thread.
  void Use();
  void Release();

  // A call in flight keeps the loop running.
  void CallStarted();
  void CallEnded();

  int RunReady(int budget) override;
  void Sleep(int backend_fd, std::optional<absl::Duration> timeout) override;
  void Wake() override;

 private:
  // ServerBuilder only gives queues that belong to one server; this one serves
  // several servers and channels.
  struct Queue final : grpc::ServerCompletionQueue {
    Queue() = default;
  };

  bool RunOne(gpr_timespec deadline);

  EventLoop& loop_;
  Queue queue_;
  EngineStats stats_;
  int uses_ = 0;
  int calls_ = 0;

  std::mutex wake_mutex_;
  bool closed_ = false;  // under wake_mutex_; alarms need a running queue
  std::atomic<bool> wake_pending_{false};
  grpc::Alarm wake_alarm_;

  std::optional<FdHelper> helper_;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_ENGINE_INTERNAL_H_
