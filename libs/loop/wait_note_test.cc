#include "loop/wait_note.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/live_activities.h"
#include "loop/timer_promises.h"
#include "loop/worker_pool.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> Notes() {
  std::vector<std::string> notes;
  WaitNote::ForEach([&](const WaitNote& note) {
    notes.push_back(StrCat(note.kind(), " ", note.what()));
  });
  return notes;
}

// A thread begins without any.
template <typename F>
void OnAThread(F f) {
  std::thread(f).join();
}

TEST(WaitNote, IsListedAsLongAsItLives) {
  OnAThread([] {
    std::optional<WaitNote> one, two, three;
    one.emplace("a", "1");
    two.emplace("b", "2", "2");
    three.emplace("c", "3");
    EXPECT_THAT(Notes(), UnorderedElementsAre("a 1", "b 22", "c 3"));
    two.reset();
    EXPECT_THAT(Notes(), UnorderedElementsAre("a 1", "c 3"));
    three.reset();
    two.emplace("d", "4");
    one.reset();
    EXPECT_THAT(Notes(), ElementsAre("d 4"));
    std::thread([] { EXPECT_THAT(Notes(), IsEmpty()); }).join();
    two.reset();
    EXPECT_THAT(Notes(), IsEmpty());
  });
}

TEST(WaitNote, CutsWhatIsLong) {
  OnAThread([] {
    const WaitNote note("a", std::string(100, 'x'), std::string(100, 'y'));
    EXPECT_EQ(note.what(), std::string(100, 'x') + std::string(27, 'y'));
    const WaitNote nothing("b", std::string_view());
    EXPECT_EQ(nothing.what(), "");
  });
}

// Under an activity; begun by `begin`.
template <typename F>
auto Under(const char* handler, F begin) {
  const ActivityScope scope(
      Activity::Make({.kind = "rpc", .handler = handler}));
  return begin();
}

// "HANDLER: KIND WHAT, ..." of each activity.
std::vector<std::string> Listed(EventLoop& loop) {
  std::vector<std::string> all;
  for (const LiveActivity& activity : LiveActivities(loop)) {
    std::string line = activity.handler;
    for (const LiveWait& wait : activity.waits) {
      EXPECT_GE(wait.age, absl::ZeroDuration());
      EXPECT_LE(wait.age, activity.age);
      StrAppend(&line, ": ", wait.kind, " ", wait.what);
    }
    all.push_back(std::move(line));
  }
  return all;
}

TEST(WaitNote, SaysWhatEachActivityWaitsFor) {
  OnAThread([] {
    EventLoop loop;
    AbortController end;
    // A job of the pool runs until the test has looked.
    std::promise<void> seen;
    auto timer = Under("sleeps", [&] {
      return AsStatusOr(Wait(absl::Hours(1), end.signal()));
    });
    auto job = Under("computes", [&] {
      return loop.workers().Run([&] { seen.get_future().wait(); });
    });
    loop.SetImmediate([&] {
      EXPECT_THAT(Listed(loop),
                  UnorderedElementsAre("sleeps: timer 1h",
                                       "computes: pool a job of the pool "
                                       "'worker'"));
      seen.set_value();
      end.Abort(absl::CancelledError("enough"));
    });
    loop.Run();
    EXPECT_TRUE(timer.settled());
    EXPECT_TRUE(job.settled());
    EXPECT_THAT(Notes(), IsEmpty());
  });
}

TEST(WaitNote, AJobThatIsTakenBackOrRefusedLeavesNone) {
  OnAThread([] {
    EventLoop loop;
    WorkerPool pool({.threads = 1, .max_queued = 1});
    std::promise<void> go;
    std::shared_future<void> gone = go.get_future();
    AbortController end;
    auto runs = Under("a", [&] { return pool.Run([gone] { gone.wait(); }); });
    while (pool.running() == 0) std::this_thread::yield();
    auto waits =
        Under("b", [&] { return AsStatusOr(pool.Run([] {}, end.signal())); });
    auto refused = Under("c", [&] { return AsStatusOr(pool.Run([] {})); });
    EXPECT_EQ(Notes().size(), 2u);
    end.Abort(absl::CancelledError("enough"));
    EXPECT_EQ(Notes().size(), 1u);
    go.set_value();
    loop.Run();
    EXPECT_TRUE(runs.settled() && waits.settled() && refused.settled());
    EXPECT_THAT(Notes(), IsEmpty());
  });
}

}  // namespace
}  // namespace millrace
