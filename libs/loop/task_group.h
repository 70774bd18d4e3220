// Structured concurrency: a group of asynchronous work that ends together.
//
//   Promise<Page> LoadPage(TaskGroup group, TaskSignal signal) {
//     std::string header;
//     group.Spawn(&LoadHeader, std::ref(header));  // LoadHeader(TaskSignal,
//     ..) Body body = co_await LoadBody(signal);
//     ...
//   }
//   Page page = co_await RunGroup(signal, &LoadPage);
//
// - The first child that fails aborts the group's signal, and its error is
//   what the group reports, once all children have ended. Others' errors are
//   attached: see GroupError. What a child throws because it was aborted (the
//   reason, or CANCELLED) is no error of its own.
// - Aborted by Abort(), by the parent's signal or by the deadline, the group
//   reports that reason if a child has ended by it; children that have finished
//   all the same leave it successful. Stop() is for helpers whose work is done:
//   that they end by it is no failure.
// - Cancellation reaches children as loop/task_signal.h says: at their next
//   await when they take a TaskSignal. Nothing is killed. A function that is
//   spawned when the group is aborted is not called, and counts as a child that
//   has ended by it.
// - A deadline holds for everything below it: the tighter of a group's own and
//   its parent's counts, and DEADLINE_EXCEEDED names whose it was.
// - The promise of RunGroup() settles when the body and all children have: the
//   group cannot be left before it is empty. For a group that is a member of
//   something, Join() is the same. To drop the last handle while children run
//   and nobody joins is a mistake: they are aborted, and the mistake goes to
//   EventLoop::OnUncaught(). After Abort() it is allowed, for destructors; only
//   errors of the children's own are reported then, as unhandled rejections.
//
// Copies share one group. Loop-bound.
#ifndef MILLRACE_LOOP_TASK_GROUP_H_
#define MILLRACE_LOOP_TASK_GROUP_H_

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "loop/abort.h"
#include "loop/group_error.h"  // IWYU pragma: export
#include "loop/promise.h"
#include "loop/task_signal.h"  // IWYU pragma: export

namespace millrace {

struct TaskGroupOptions {
  std::string name;                                    // for messages
  absl::Duration deadline = absl::InfiniteDuration();  // from now on
};

class TaskGroup {
 public:
  TaskGroup();
  // Aborted as well when `parent` is.
  explicit TaskGroup(const TaskSignal& parent, TaskGroupOptions options = {});

  TaskSignal signal() const;

  // Calls f(signal(), args...), which returns a Promise<void>. f is kept until
  // that has settled, so that it may be a closure. Throws FAILED_PRECONDITION
  // when the group has ended.
  template <typename F, typename... Args>
  requires std::is_invocable_r_v<Promise<void>, F&, TaskSignal, Args...> void
  Spawn(F f, Args... args) const;
  // Work that was begun already.
  void Spawn(Promise<void> child) const;

  void Abort(absl::Status reason = absl::CancelledError("aborted")) const;
  void Stop() const;
  size_t running() const;

  // Settles when no child is left. Children may be added until then; with
  // none, it settles at once.
  Promise<void> Join() const;

 private:
  class Core;
  class Handle;
  template <typename F>
  friend auto RunGroup(const TaskSignal& parent, TaskGroupOptions options,
                       F body);

  // Called once, with the child's error or null.
  using Ended = absl::AnyInvocable<void(std::exception_ptr)>;
  Ended Begin() const;

  // Counts `child`; `kept` lives as long.
  template <typename T>
  void Watch(Promise<T> child, std::shared_ptr<void> kept) const;

  template <typename F>
  static auto CallBody(TaskGroup group, F& body);
  template <typename P, typename F>
  static P RunBody(TaskGroup group, F body);

  std::shared_ptr<Handle> handle_;
};

// Calls body(group) or body(group, signal), which returns a promise, and
// settles as that does once all children have ended too; with the group's
// error when one has failed, in which case a body that takes the signal is
// aborted as the children are. The body is kept until then, so that it may be
// a closure and what is spawned may refer to it.
template <typename F>
auto RunGroup(const TaskSignal& parent, TaskGroupOptions options, F body);

template <typename F>
auto RunGroup(const TaskSignal& parent, F body) {
  return RunGroup(parent, TaskGroupOptions(), std::move(body));
}

template <typename T>
void TaskGroup::Watch(Promise<T> child, std::shared_ptr<void> kept) const {
  loop_internal::OnSettled(
      std::move(child),
      [ended = Begin(), kept = std::move(kept)](Promise<T> settled) mutable {
        std::exception_ptr error;
        if (settled.rejected()) error = settled.error();
        settled = Promise<T>();
        kept.reset();
        ended(std::move(error));
      });
}

template <typename F, typename... Args>
requires std::is_invocable_r_v<Promise<void>, F&, TaskSignal, Args...> void
TaskGroup::Spawn(F f, Args... args) const {
  Ended ended = Begin();
  if (const TaskSignal own = signal(); own.aborted()) {
    return ended(loop_internal::ErrorFrom(own.reason()));
  }
  auto kept = std::make_shared<F>(std::move(f));
  Promise<void> child;
  try {
    child = std::invoke(*kept, signal(), std::move(args)...);
  } catch (...) {
    return ended(std::current_exception());
  }
  Watch(std::move(child), std::move(kept));
  ended(nullptr);
}

template <typename F>
auto TaskGroup::CallBody(TaskGroup group, F& body) {
  if constexpr (std::is_invocable_v<F&, TaskGroup, TaskSignal>) {
    return std::invoke(body, group, group.signal());
  } else {
    return std::invoke(body, group);
  }
}

template <typename P, typename F>
P TaskGroup::RunBody(TaskGroup group, F body) {
  group.signal().ThrowIfAborted();
  P result;
  try {
    result = CallBody(group, body);
  } catch (...) {
    result = P::Reject(std::current_exception());
  }
  group.Watch(result, nullptr);
  co_await group.Join();
  co_return co_await std::move(result);
}

template <typename F>
auto RunGroup(const TaskSignal& parent, TaskGroupOptions options, F body) {
  using P = decltype(TaskGroup::CallBody(std::declval<TaskGroup>(),
                                         std::declval<F&>()));
  return TaskGroup::RunBody<P>(TaskGroup(parent, std::move(options)),
                               std::move(body));
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_TASK_GROUP_H_
