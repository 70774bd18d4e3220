// A running process takes a new configuration on SIGHUP, or keeps the old one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>

#include "runtime/program_run.h"

namespace millrace::runtime {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ReloadProgramTest : public ProgramTest {
 protected:
  // With the file in place of what was there.
  std::string Yaml(const std::string& text) {
    const std::string path = dir_ / "config.yaml";
    std::ofstream(path + ".new") << text;
    EXPECT_EQ(rename((path + ".new").c_str(), path.c_str()), 0);
    return path;
  }

  // How often the access log has a line.
  static size_t Calls(const Program& program) {
    const std::string text = program.Errors();
    size_t calls = 0;
    for (size_t at = 0; (at = text.find("\"msg\":\"call\"", at)) != text.npos;
         ++at) {
      ++calls;
    }
    return calls;
  }

  static bool HasCalls(const Program& program, size_t wanted) {
    for (int i = 0; i < 3000 && Calls(program) < wanted; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return Calls(program) == wanted;
  }
};

TEST_F(ReloadProgramTest, LevelChangesWithARightFileAndStaysWithAWrongOne) {
  const std::string path = Yaml("log:\n  level: error\n");
  Program program(Flags({"--config", path}));
  program.Ready();
  Greet(program, "Ada");
  EXPECT_EQ(Calls(program), 0);

  Yaml("log:\n  level: loud\n");
  program.Signal(SIGHUP);
  EXPECT_TRUE(program.Says(path + ":2:10: log.level must be one of debug, "
                                  "info, warning, error, not 'loud'"));
  // Right but for something that cannot change.
  Yaml("log:\n  level: info\nbus:\n  max_parallel: 5\n");
  program.Signal(SIGHUP);
  EXPECT_TRUE(
      program.Says(path +
                   ":4:17: bus.max_parallel: 256 -> 5: cannot change while the "
                   "process runs"));
  Greet(program, "Ada");
  EXPECT_EQ(Calls(program), 0);

  Yaml("log:\n  level: info\n");
  program.Signal(SIGHUP);
  EXPECT_TRUE(program.Says("\"changes\":\"log.level: error -> info (" + path +
                           ":2:10)\""));
  Greet(program, "Ada");
  EXPECT_TRUE(HasCalls(program, 1)) << program.Errors();
  const std::string metrics = HttpExchange(program.http, "GET", "/metrics");
  EXPECT_THAT(metrics,
              HasSubstr("config_reloads_total{outcome=\"applied\"} 1\n"));
  EXPECT_THAT(metrics,
              HasSubstr("config_reloads_total{outcome=\"refused\"} 2\n"));
  program.Signal(SIGTERM);
  const int status = program.Wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << status << program.Errors();
}

// The greeter says on every loop what it is told to.
TEST_F(ReloadProgramTest, SettingsOfModulesChangeOnEveryLoop) {
  const std::string path = Yaml("log:\n  calls: none\n");
  Program program(Flags({"--config", path, "--loops", "2"}));
  program.Ready();
  EXPECT_THAT(Greet(program, "Ada"), HasSubstr("hello Ada"));
  Yaml("settings:\n  greeter:\n    salutation: goodbye\n");
  program.Signal(SIGHUP);
  ASSERT_TRUE(program.Says("settings.greeter.salutation: hello -> goodbye (" +
                           path + ":3:17)"));
  // Another loop takes it in its next turn. Connections enough to be on both.
  for (int right = 0, tries = 0; right < 12; ++tries) {
    ASSERT_LT(tries, 1000);
    const bool now =
        Greet(program, "Ada").find("goodbye Ada") != std::string::npos;
    right = now ? right + 1 : 0;
  }
}

TEST_F(ReloadProgramTest, LimitsOfCallsChangeOnEveryLoop) {
  const std::string path = Yaml("log:\n  calls: none\n");
  Program program(Flags({"--config", path, "--loops", "2"}));
  program.Ready();
  EXPECT_THAT(Greet(program, "slow"), HasSubstr("hello slow"));
  Yaml("log:\n  calls: failed\ncalls:\n  default_deadline: 20ms\n");
  program.Signal(SIGHUP);
  ASSERT_TRUE(program.Says("calls.default_deadline: 30s -> 20ms"));
  // Connections enough to be on both loops.
  for (int i = 0; i < 12; ++i) {
    EXPECT_THAT(Greet(program, "slow"), StartsWith("HTTP/1.1 504 "));
  }
  EXPECT_TRUE(HasCalls(program, 12)) << program.Errors();

  // Those whose callers have left are over as well.
  while (HttpExchange(program.http, "GET", "/metrics")
             .find("millrace_calls_in_flight 0\n") == std::string::npos) {
    std::this_thread::yield();
  }
  // One for each loop.
  Yaml("calls:\n  max_in_flight: 2\n  default_deadline: 2s\n");
  program.Signal(SIGHUP);
  ASSERT_TRUE(program.Says("calls.max_in_flight: 10000 -> 2"));
  std::vector<std::future<std::string>> calls;
  for (int i = 0; i < 12; ++i) {
    calls.push_back(std::async(
        std::launch::async, [&program] { return Greet(program, "forever"); }));
  }
  int refused = 0;
  for (auto& call : calls) refused += call.get().starts_with("HTTP/1.1 429 ");
  EXPECT_GE(refused, 10);
  EXPECT_LE(refused, 11);
}

TEST_F(ReloadProgramTest, EndsWhenItsTerminalIsClosed) {
  std::vector<std::string> flags = Flags();
  flags.insert(flags.begin(), MILLRACE_SAMPLE_PROGRAM);
  std::vector<char*> arguments;
  for (std::string& flag : flags) arguments.push_back(flag.data());
  arguments.push_back(nullptr);
  int terminal = -1;
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, nullptr);
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  std::string text;
  char buffer[1024];
  while (text.find("ready http=") == text.npos) {
    const ssize_t n = read(terminal, buffer, sizeof(buffer));
    if (n <= 0) break;
    text.append(buffer, static_cast<size_t>(n));
  }
  EXPECT_THAT(text, HasSubstr("ready http="));
  // While there is one, the signal is somebody's who wants a reload.
  kill(pid, SIGHUP);
  while (text.find("nothing differs") == text.npos) {
    const ssize_t n = read(terminal, buffer, sizeof(buffer));
    if (n <= 0) break;
    text.append(buffer, static_cast<size_t>(n));
  }
  EXPECT_THAT(text, HasSubstr("the configuration is reloaded"));
  close(terminal);
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

// Who closes the debug page ends what it was asked to watch.
TEST_F(ReloadProgramTest, ADebugPageThatIsClosedLeavesNothingRunning) {
  const std::string path = Yaml("debug:\n  port: 0\n");
  Program program(Flags({"--config", path, "--loops", "2"}));
  program.Ready();
  const std::string opened = "\"url\":\"http://127.0.0.1:";
  ASSERT_TRUE(program.Says(opened));
  const auto port = [&] {
    const std::string text = program.Errors();
    return std::stoi(text.substr(text.rfind(opened) + opened.size()));
  };
  const auto get = [](int port, const std::string& what, int seconds) {
    return HttpExchange(port, "GET",
                        StrCat("/debug/", what, ".json?seconds=", seconds));
  };
#ifdef MILLRACE_SANITIZED  // whose allocator is not sampled
  const std::vector<std::string> watched = {"timeline"};
#else
  const std::vector<std::string> watched = {"timeline", "allocations"};
#endif
  std::vector<std::future<void>> cut;
  for (const std::string& what : watched) {
    const auto refused = [](const std::string& answer) {
      return answer.starts_with("HTTP/1.1 400 ");
    };
    cut.push_back(
        std::async(std::launch::async, [get, refused, what, port = port()] {
          while (refused(get(port, what, 60))) {
          }
        }));
    while (!refused(get(port(), what, 1))) {
    }
  }

  Yaml("debug:\n  port: -1\n");
  program.Signal(SIGHUP);
  EXPECT_TRUE(program.Says("the debug page is closed"));
  for (auto& each : cut) each.get();
  Yaml("debug:\n  port: 0\nlog:\n  level: debug\n");
  program.Signal(SIGHUP);
  EXPECT_TRUE(program.Says("log.level: info -> debug"));
  for (const std::string& what : watched) {
    EXPECT_THAT(get(port(), what, 1), StartsWith("HTTP/1.1 200 ")) << what;
  }
}

TEST_F(ReloadProgramTest, PrintConfigStartsNothingAndShowsPlaces) {
  const std::string path = Yaml("log:\n  level: warning\n");
  Program program(Flags({"--config", path, "--print-config"}));
  std::string text;
  for (std::string line; !(line = program.Line()).empty();) text += line + "\n";
  EXPECT_EQ(program.Wait(), 0);
  EXPECT_THAT(text, HasSubstr("level: warning"));
  EXPECT_THAT(text, HasSubstr("# " + path + ":2:10 *\n"));
  EXPECT_THAT(text, HasSubstr("# --http-port\n"));
  EXPECT_NE(access((dir_ / "data").c_str(), F_OK), 0);

  Yaml("log:\n  levle: warning\n");
  Program wrong(Flags({"--config", path, "--print-config"}));
  EXPECT_EQ(wrong.Line(), "");
  const int status = wrong.Wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
  EXPECT_THAT(wrong.Errors(), HasSubstr("did you mean 'log.level'?"));
}

}  // namespace
}  // namespace millrace::runtime
