#include "loop/immediate_queue.h"

#include <utility>

#include "loop/timer.h"

namespace millrace::loop_internal {

ImmediateQueue::ImmediateQueue(Hooks hooks)
    : hooks_(std::move(hooks)), pool_(new Pool(this)) {
  queued_.next = queued_.prev = &queued_;
  batch_.next = batch_.prev = &batch_;
}

ImmediateQueue::~ImmediateQueue() {
  DropAll();
  pool_->Orphan();
}

void ImmediateQueue::DropAll() {
  for (ImmediateNode* ring : {&batch_, &queued_}) {
    while (ring->next != ring) Clear(ring->next);
  }
}

ImmediateNode* ImmediateQueue::Add(Task task) {
  ImmediateNode* node = pool_->Make();
  node->refs = 1;
  node->refed = true;
  node->waiting = true;
  node->task = std::move(task);
  node->activity = ActivityRef::Current();
  node->prev = queued_.prev;
  node->next = &queued_;
  queued_.prev->next = node;
  queued_.prev = node;
  ++count_;
  ++ref_count_;
  return node;
}

// The caller holds a reference from here on.
void ImmediateQueue::Detach(ImmediateNode* node) {
  ++node->refs;
  node->prev->next = node->next;
  node->next->prev = node->prev;
  node->waiting = false;
  --count_;
  if (node->refed) --ref_count_;
}

void ImmediateQueue::Clear(ImmediateNode* node) {
  if (!node->waiting) return;
  Detach(node);
  node->task = nullptr;
  node->activity = ActivityRef();
  Release(node);
}

void ImmediateQueue::SetRef(ImmediateNode* node, bool ref) {
  if (!node->waiting || node->refed == ref) return;
  node->refed = ref;
  ref_count_ += ref ? 1 : -1;
}

void ImmediateQueue::Release(ImmediateNode* node) {
  if (--node->refs == 0 && !node->waiting) Pool::Free(node);
}

bool ImmediateQueue::RunBatch() {
  if (batch_.next == &batch_ && queued_.next != &queued_) {
    batch_.next = queued_.next;
    batch_.prev = queued_.prev;
    batch_.next->prev = batch_.prev->next = &batch_;
    queued_.next = queued_.prev = &queued_;
  }
  unfinished_ = true;
  bool ran = false;
  while (batch_.next != &batch_) {
    if (ran) {
      if (!hooks_.drain()) return false;
      if (batch_.next == &batch_) break;
    }
    ran = true;
    ImmediateNode* node = batch_.next;
    Detach(node);
    std::exception_ptr error;
    hooks_.pulse->Begin("immediate");
    EnterActivity(node->activity.get());
    try {
      node->task();
    } catch (...) {
      error = std::current_exception();
    }
    LeaveActivity();
    node->task = nullptr;
    node->activity = ActivityRef();
    Release(node);
    if (error != nullptr) {
      hooks_.report(std::move(error));
      return false;
    }
  }
  unfinished_ = false;
  return true;
}

}  // namespace millrace::loop_internal

namespace millrace {

using loop_internal::ImmediateQueue;

Immediate::Immediate(const Immediate& other) : node_(other.node_) {
  if (node_ != nullptr) ++node_->refs;
}

void Immediate::Release(loop_internal::ImmediateNode* node) {
  ImmediateQueue::Release(node);
}

bool Immediate::active() const { return node_ != nullptr && node_->waiting; }

bool Immediate::has_ref() const { return active() && node_->refed; }

void Immediate::Clear() {
  if (active()) ImmediateQueue::Of(node_)->Clear(node_);
}

void Immediate::Ref() {
  if (active()) ImmediateQueue::Of(node_)->SetRef(node_, true);
}

void Immediate::Unref() {
  if (active()) ImmediateQueue::Of(node_)->SetRef(node_, false);
}

}  // namespace millrace
