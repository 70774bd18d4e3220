#include "tools/millrace/loop_trace.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr char kScenarios[] = "../shared/data/loop-scenarios";

std::string Read(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Sleeps in poll(2), as a completion queue would: apart from libuv.
class PollingSource final : public PollSource {
 public:
  ~PollingSource() override { close(wake_fd_); }

  int RunReady(int) override { return 0; }
  void Sleep(int backend_fd, std::optional<absl::Duration> timeout) override {
    pollfd fds[] = {{backend_fd, POLLIN, 0}, {wake_fd_, POLLIN, 0}};
    poll(fds, 2,
         timeout.has_value()
             ? static_cast<int>(absl::ToInt64Milliseconds(*timeout))
             : -1);
    uint64_t count;
    static_cast<void>(!read(wake_fd_, &count, sizeof(count)));
  }
  void Wake() override {
    const uint64_t one = 1;
    static_cast<void>(!write(wake_fd_, &one, sizeof(one)));
  }

 private:
  const int wake_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
};

std::string Trace(const std::string& scenario, bool own_source, double scale) {
  std::ostringstream out;
  LoopTraceOptions options{.prepare = nullptr, .scale = scale};
  if (own_source) {
    options.prepare = [](EventLoop& loop) {
      auto source = std::make_shared<PollingSource>();
      loop.SetPollSource(source.get());
      return source;
    };
  }
  EXPECT_EQ(RunLoopTrace(scenario, out, options), 0);
  return out.str();
}

// A stalled machine can change a trace; with longer times it cannot.
std::string TraceLike(const std::string& expected, const std::string& scenario,
                      bool own_source) {
  std::string trace;
  for (const double scale : {1, 4, 16}) {
    trace = Trace(scenario, own_source, scale);
    if (trace == expected) break;
  }
  return trace;
}

void CompareAll(bool own_source) {
  if (!fs::is_directory(kScenarios)) {
    GTEST_SKIP() << "no scenarios with Node's traces in " << kScenarios;
  }
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(kScenarios)) {
    if (entry.path().stem().extension().empty()) paths.push_back(entry.path());
  }
  ASSERT_FALSE(paths.empty());
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  const auto work = [&] {
    for (size_t i = next++; i < paths.size(); i = next++) {
      fs::path trace = paths[i];
      const std::string expected = Read(trace.replace_extension(".trace.json"));
      const std::string actual =
          TraceLike(expected, Read(paths[i]), own_source);
      std::lock_guard lock(mutex);
      EXPECT_EQ(actual, expected) << paths[i];
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
}

TEST(LoopTraceTest, ScenariosRunAsInNode) { CompareAll(false); }

TEST(LoopTraceTest, ScenariosRunAsInNodeOnAnotherPollSource) {
  CompareAll(true);
}

TEST(LoopTraceTest, RefusesWhatIsNoScenario) {
  std::ostringstream out;
  EXPECT_EQ(RunLoopTrace("{\"root\":[}", out), 2);
  EXPECT_EQ(out.str(), "");
}

TEST(LoopTraceTest, InterpretsAScenario) {
  std::ostringstream out;
  EXPECT_EQ(RunLoopTrace(R"({"version":1,"root":[
    {"op":"immediate","id":"i","do":[{"op":"log","s":"immediate"}]},
    {"op":"micro","do":[{"op":"log","s":"micro"}]},
    {"op":"tick","do":[{"op":"log","s":"tick"}]},
    {"op":"work","kind":"stat","do":[{"op":"close","do":[
      {"op":"log","s":"\"close\""}]}]},
    {"op":"log","s":"main"}]})",
                         out),
            0);
  EXPECT_EQ(out.str(),
            "{\"trace\":[\"main\",\"tick\",\"micro\",\"immediate\","
            "\"\\\"close\\\"\"]}\n");
}

TEST(LoopTraceTest, PrintsTextAsJavaScriptDoes) {
  std::ostringstream out;
  EXPECT_EQ(RunLoopTrace(R"({"root":[
    {"op":"log","s":"first","s":"last of equal keys"},
    {"op":"log","s":"\b\t\n\f\r\u0000\u001f\u007f\"\\\/"},
    {"op":"log","s":"\u00fc \u6f22 \ud83d\ude82"},
    {"op":"log","s":"\ud83d \ude82\ud83d\u0041"}]})",
                         out),
            0);
  EXPECT_EQ(out.str(),
            "{\"trace\":[\"last of equal keys\","
            "\"\\b\\t\\n\\f\\r\\u0000\\u001f\x7f\\\"\\\\/\","
            "\"\u00fc \u6f22 \U0001f682\",\"\\ud83d \\ude82\\ud83dA\"]}\n");
}

TEST(LoopTraceTest, EmitsTheEventsOfTheEmitterItself) {
  std::ostringstream out;
  EXPECT_EQ(RunLoopTrace(R"({"root":[
    {"op":"on","em":"e","ev":"removeListener","fn":"f","mode":"on",
     "do":[{"op":"log","s":"f","arg":true}]},
    {"op":"on","em":"e","ev":"errorMonitor","fn":"f","mode":"on"},
    {"op":"emit","em":"e","ev":"removeListener","arg":0,"s":"r"},
    {"op":"emit","em":"e","ev":"errorMonitor","arg":1,"s":"m"},
    {"op":"emit","em":"e","ev":"newListener","arg":2,"s":"n"}]})",
                         out),
            0);
  EXPECT_EQ(out.str(),
            "{\"trace\":[\"f(0)\",\"r=true\",\"f(1)\",\"m=true\","
            "\"n=false\"]}\n");
}

}  // namespace
}  // namespace millrace
