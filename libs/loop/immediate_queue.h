// The loop's immediates: a batch is detached before it runs, so that what it
// adds waits for the next turn. Private to loop.
#ifndef MILLRACE_LOOP_IMMEDIATE_QUEUE_H_
#define MILLRACE_LOOP_IMMEDIATE_QUEUE_H_

#include <cstdint>
#include <exception>

#include "loop/activity.h"
#include "loop/node_pool.h"
#include "loop/pulse.h"
#include "loop/task.h"

namespace millrace::loop_internal {

class ImmediateQueue;

struct ImmediateNode {
  ImmediateNode* next = nullptr;  // in a ring, with the queue's own node
  ImmediateNode* prev = nullptr;
  uint32_t refs = 0;
  bool refed = true;
  bool waiting = false;
  Task task;
  ActivityRef activity;
};

class ImmediateQueue {
  using Pool = NodePool<ImmediateNode, ImmediateQueue>;

 public:
  struct Hooks {
    absl::AnyInvocable<bool()> drain;
    absl::AnyInvocable<void(std::exception_ptr)> report;
    Pulse* pulse;
  };
  explicit ImmediateQueue(Hooks hooks);
  ~ImmediateQueue();
  ImmediateQueue(const ImmediateQueue&) = delete;
  ImmediateQueue& operator=(const ImmediateQueue&) = delete;

  // Destroys what waits, without running it.
  void DropAll();

  ImmediateNode* Add(Task task);
  void Clear(ImmediateNode* node);
  void SetRef(ImmediateNode* node, bool ref);
  static void Release(ImmediateNode* node);
  // The queue of a node that waits.
  static ImmediateQueue* Of(const ImmediateNode* node) {
    return Pool::OwnerOf(node);
  }

  bool empty() const { return count_ == 0; }
  bool refed() const { return ref_count_ > 0; }
  int64_t count() const { return count_; }
  int64_t ref_count() const { return ref_count_; }

  // Runs the batch, without the drain after the last one. False when something
  // threw: the batch is to be resumed, without a drain.
  bool RunBatch();
  // A batch was begun and not finished.
  bool unfinished() const { return unfinished_; }

 private:
  void Detach(ImmediateNode* node);

  Hooks hooks_;
  Pool* const pool_;
  ImmediateNode queued_;
  ImmediateNode batch_;
  int64_t count_ = 0;
  int64_t ref_count_ = 0;
  bool unfinished_ = false;
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_IMMEDIATE_QUEUE_H_
