// N event loops on N threads: the first on the thread that has it already, a
// thread and a loop for each of the others. Nothing is shared between them but
// what the start function hands to several, which says itself that it may be.
//
//   LoopGroup group(loop, {.loops = 4});
//   absl::Status status = group.Start([&](EventLoop& loop, int index) {
//     return MakePart(loop, index);   // StatusOr<std::shared_ptr<void>>
//   });
//   loop.Run();    // the others run already, until:
//   group.Stop();
//   group.Join();
//
// Start() calls the function once for each loop, on that loop's thread, the
// first one first and the others at once. What it returns is the loop's part:
// destroyed on the same thread, when Run() of every loop has ended and before
// any of these loops is gone. So whoever has a part may post to all the loops.
//
// All methods but Stop() and loop() belong to the first loop's thread. The
// first loop outlives the group.
#ifndef MILLRACE_LOOP_LOOP_GROUP_H_
#define MILLRACE_LOOP_LOOP_GROUP_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loop/event_loop.h"
#include "loop/loop_ref.h"

namespace millrace {

class LoopGroup {
 public:
  struct Options {
    int loops = 1;
    std::string name = "loop";  // of the threads: "loop-1" is the second's
  };

  // May throw a StatusError instead of returning one. Must not wait for
  // another loop of the group: none runs yet.
  using StartFunction = std::function<absl::StatusOr<std::shared_ptr<void>>(
      EventLoop& loop, int index)>;

  LoopGroup(EventLoop& first, Options options);
  // Stops and joins.
  ~LoopGroup();
  LoopGroup(const LoopGroup&) = delete;
  LoopGroup& operator=(const LoopGroup&) = delete;

  // Makes the other loops and every part; blocks until they are made, then the
  // other loops run. When one fails none runs, all parts are gone again, and
  // the error of the lowest loop is returned. Call once.
  absl::Status Start(const StartFunction& start);

  int size() const;
  // After Start(). Any thread.
  LoopRef loop(int index) const;

  // Run() of the other loops returns after their present turn; until then it
  // does not end. The first is its owner's to stop. Any thread.
  void Stop();

  // Waits until the other loops have ended, then destroys the parts and the
  // loops. Stop() first. Twice is as good as once.
  void Join();

 private:
  class Impl;

  const std::unique_ptr<Impl> impl_;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_LOOP_GROUP_H_
