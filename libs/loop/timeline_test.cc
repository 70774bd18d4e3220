#include "loop/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "loop/activity.h"
#include "loop/combinators.h"

namespace millrace {
namespace {

using testing::HasSubstr;
using testing::Not;

class TimelineTest : public testing::Test {
 protected:
  TimelineTest() {
    const int file = mkstemp(path_.data());
    if (file >= 0) close(file);
  }
  ~TimelineTest() override { unlink(path_.c_str()); }

  std::string Written() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string path_ = testing::TempDir() + "/timeline-XXXXXX";
  EventLoop loop_;
};

Promise<void> Work() {
  co_await Delay(absl::Milliseconds(1));
  co_await Promise<void>::Resolve();
}

int Count(std::string_view text, std::string_view what) {
  int count = 0;
  for (size_t at = text.find(what); at != text.npos;
       at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

TEST_F(TimelineTest, ShowsPhasesCallbacksAndActivities) {
  {
    auto timeline = Timeline::Open(path_);
    ASSERT_TRUE(timeline.ok());
    const auto recording = (*timeline)->Record(loop_, "main \"loop\"");
    {
      const ActivityScope scope(
          Activity::Make({.kind = "event",
                          .handler = "admin.audit",
                          .event = "UserEvents.Created"}));
      static_cast<void>(Work());
    }
    loop_.SetImmediate([] {});
    loop_.Post([] {});
    loop_.Run();
    EXPECT_EQ((*timeline)->dropped(), 0);
  }
  const std::string text = Written();
  EXPECT_THAT(text, testing::StartsWith("[\n{\"name\":\"process_name\""));
  EXPECT_THAT(text, testing::EndsWith("}\n]\n"));
  EXPECT_THAT(text, HasSubstr(R"("args":{"name":"main \"loop\""}})"));
  for (const std::string phase : {"timers", "poll", "check"}) {
    EXPECT_THAT(text, HasSubstr("{\"name\":\"" + phase +
                                "\",\"cat\":\"phase\",\"ph\":\"X\",\"ts\":"));
  }
  EXPECT_THAT(text, HasSubstr(R"({"name":"timer","cat":"callback","ph":"X")"));
  EXPECT_THAT(text,
              HasSubstr(R"({"name":"immediate","cat":"callback","ph":"X")"));
  // Where it began, and after each of the two waits; then the whole of it.
  const std::string activity = R"({"name":"admin.audit","cat":"event","ph":")";
  EXPECT_EQ(Count(text, activity + "X"), 3);
  EXPECT_EQ(Count(text, activity + "b"), 1);
  EXPECT_EQ(Count(text, activity + "e"), 1);
  EXPECT_THAT(text, HasSubstr(R"("args":{"event":"UserEvents.Created"}})"));
}

TEST_F(TimelineTest, RecordsNothingBeforeAndAfterItsRecording) {
  auto timeline = Timeline::Open(path_);
  ASSERT_TRUE(timeline.ok());
  loop_.SetImmediate([] {});
  loop_.Run();
  (*timeline)->Record(loop_, "main").reset();
  loop_.SetImmediate([] {});
  loop_.Run();
  timeline->reset();
  EXPECT_THAT(Written(), Not(HasSubstr("immediate")));
}

TEST_F(TimelineTest, DropsAndCountsWhatIsTooMuch) {
  auto timeline = Timeline::Open(path_, {.max_bytes = 1});
  ASSERT_TRUE(timeline.ok());
  const auto recording = (*timeline)->Record(loop_, "main");
  // Until the writer has seen how large the file is.
  Timer timer = loop_.SetInterval(absl::Milliseconds(1), [&] {
    if ((*timeline)->dropped() > 10) timer.Clear();
  });
  loop_.Run();
  EXPECT_GT((*timeline)->dropped(), 10);
}

TEST_F(TimelineTest, WritesAlsoWithHardlyABuffer) {
  auto timeline = Timeline::Open(path_, {.buffered_events = 0});
  ASSERT_TRUE(timeline.ok());
  {
    const auto recording = (*timeline)->Record(loop_, "main");
    loop_.SetImmediate([] {});
    loop_.Run();
  }
  timeline->reset();
  EXPECT_THAT(Written(), HasSubstr("\"ph\":\"X\""));
}

TEST_F(TimelineTest, NamesAFileThatCannotBeWritten) {
  const auto timeline = Timeline::Open("/no such folder/timeline.json");
  EXPECT_EQ(timeline.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(timeline.status().message()),
              HasSubstr("/no such folder/timeline.json"));
}

}  // namespace
}  // namespace millrace
