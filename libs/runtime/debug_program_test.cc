// The debug page of a running process, over HTTP.

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "runtime/program_run.h"

namespace millrace::runtime {
namespace {

using google::protobuf::Value;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kTrace[] = "0123456789abcdef0123456789abcdef";

class DebugProgramTest : public ProgramTest {
 protected:
  // The port that the program's log tells.
  static int DebugPort(const Program& program, const std::string& before = "") {
    const std::string url = "\"url\":\"http://127.0.0.1:";
    EXPECT_TRUE(program.Says(url));
    std::string text = program.Errors();
    text = text.substr(text.find(before) + before.size());
    return std::stoi(text.substr(text.find(url) + url.size()));
  }

  static std::string Get(int port, const std::string& path,
                         const std::string& headers = "") {
    return HttpExchange(port, "GET", path, "", "*/*", headers);
  }

  static Value Json(const std::string& answer) {
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
    Value value;
    const size_t body = answer.find("\r\n\r\n");
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(
                    answer.substr(body + 4), &value)
                    .ok())
        << answer;
    return value;
  }
  // A call that its handler does not answer, as what it will come to.
  static std::future<std::string> Hang(const Program& program,
                                       const std::string& name) {
    return std::async(std::launch::async, [http = program.http, name] {
      return HttpExchange(
          http, "POST", "/sample.v1.GreeterService/Greet",
          StrCat("{\"name\":\"", name, "\"}"), "*/*",
          StrCat("traceparent: 00-", kTrace, "-0123456789abcdef-01\r\n"));
    });
  }

  static Value JsonAt(int port, const std::string& path) {
    return Json(Get(port, path));
  }

  static const Value& In(const Value& value, const std::string& key) {
    return value.struct_value().fields().at(key);
  }
  static const Value& In(const Value& value, int index) {
    return value.list_value().values(index);
  }
  static std::string Text(const Value& value, const std::string& key) {
    return In(value, key).string_value();
  }
};

TEST_F(DebugProgramTest, TellsOfProcessLoopsHandlesBusAndDatabases) {
  Program program(Flags({"--debug-port", "0", "--loops", "2"}));
  program.Ready();
  const int port = DebugPort(program);
  EXPECT_THAT(Greet(program, "Ada"), HasSubstr("hello Ada"));

  const Value process = JsonAt(port, "/debug/process.json");
  EXPECT_EQ(In(process, "pid").number_value(), program.pid());
  const Value& memory = In(process, "memory");
  EXPECT_GT(In(memory, "resident_bytes").number_value(), 1e6);
#ifndef MILLRACE_SANITIZED  // whose heap is not the C library's
  EXPECT_GT(In(In(memory, "heap"), "used_bytes").number_value(), 1e5);
#endif
  EXPECT_GE(In(process, "threads").list_value().values_size(), 3);
  const Value& readiness = In(In(process, "first_loop"), "readiness");
  EXPECT_TRUE(In(readiness, "ready").bool_value());
  EXPECT_TRUE(In(In(In(readiness, "needs"), "bus"), "ok").bool_value());

  const Value loops = JsonAt(port, "/debug/loops.json");
  ASSERT_EQ(loops.list_value().values_size(), 2);
  EXPECT_EQ(Text(In(loops, 0), "name"), "main");
  EXPECT_EQ(Text(In(loops, 1), "name"), "loop-1");
  EXPECT_GT(In(In(loops, 0), "turns").number_value(), 0);
  std::vector<std::string> times;
  for (const Value& of : In(In(loops, 0), "times").list_value().values()) {
    times.push_back(Text(of, "what"));
    EXPECT_GE(In(of, "max").number_value(), In(of, "p50").number_value());
  }
  EXPECT_THAT(times, testing::IsSupersetOf(
                         {"timer late", "post late", "timers", "poll"}));

  // Where they were made is told by file and line.
  const std::string handles = Get(port, "/debug/handles.json");
  EXPECT_THAT(handles,
              HasSubstr(StrCat("listens on 127.0.0.1:", program.http)));
  EXPECT_THAT(handles, HasSubstr("\"where\":\"server.cc:"));
  EXPECT_THAT(handles, HasSubstr("\"where\":\"main.cc:"));

  EXPECT_THAT(
      Get(port, "/debug/bus.json"),
      AllOf(HasSubstr("millrace_bus_working_lanes"), HasSubstr("choir.heard")));
  EXPECT_THAT(Get(port, "/debug/databases.json"),
              AllOf(HasSubstr("millrace_store_wait_seconds"),
                    HasSubstr("\"statement\":\"SELECT millrace_outbox\"")));
  std::vector<std::string> pools;
  const Value databases = JsonAt(port, "/debug/databases.json");
  for (const Value& sample : databases.list_value().values()) {
    if (Text(sample, "name") != "millrace_store_connections") continue;
    const Value& labels = In(sample, "labels");
    if (Text(labels, "database").ends_with("greeter.db")) {
      pools.push_back(StrCat(Text(labels, "pool"), " ",
                             In(sample, "value").number_value()));
    }
  }
  EXPECT_THAT(pools, testing::ElementsAre("read 4", "write 1"));
  EXPECT_THAT(Get(port, "/debug/calls.json"),
              HasSubstr("sample.v1.GreeterService/Greet"));
  EXPECT_THAT(Get(port, "/"), AllOf(StartsWith("HTTP/1.1 200 "),
                                    HasSubstr("What the process is doing")));
  // Not on the port that others reach.
  EXPECT_THAT(Get(program.http, "/debug/loops.json"),
              StartsWith("HTTP/1.1 404 "));

  program.Signal(SIGTERM);
  const int status = program.Wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << status << program.Errors();
}

TEST_F(DebugProgramTest, ListsWhatIsInFlight) {
  Program program(Flags({"--debug-port", "0"}));
  program.Ready();
  const int port = DebugPort(program);
  auto answer = Hang(program, "forever");
  bool found = false;
  for (int i = 0; i < 1000 && !found; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const Value loops = JsonAt(port, "/debug/activities.json");
    for (const Value& one :
         In(In(loops, 0), "activities").list_value().values()) {
      if (Text(one, "trace_id") != kTrace) continue;
      found = true;
      EXPECT_EQ(Text(one, "kind"), "rpc");
      EXPECT_EQ(Text(one, "handler"), "sample.v1.GreeterService/Greet");
      EXPECT_GE(In(one, "seconds").number_value(), 0);
    }
  }
  EXPECT_TRUE(found);
  EXPECT_THAT(Get(port, "/debug/coroutines.json"),
              HasSubstr("GreeterModule::Greet\",\"waits_for\":\""));
  program.Signal(SIGKILL);
  program.Wait();
  answer.get();
}

// A call that hangs, and what the page says that it hangs at.
struct Hanging {
  const char* name;  // of who is greeted
  const char* kind;
  const char* what;  // is a part of what is told
};

void PrintTo(const Hanging& hanging, std::ostream* out) {
  *out << hanging.name;
}

class WaitingProgramTest : public DebugProgramTest,
                           public testing::WithParamInterface<Hanging> {};

TEST_P(WaitingProgramTest, SaysWhatACallWaitsFor) {
  Program program(Flags({"--debug-port", "0"}));
  program.Ready();
  const int port = DebugPort(program);
  auto answer = Hang(program, GetParam().name);
  // Until it has come as far as that; it stays there.
  std::string told;
  for (int i = 0; i < 1000 && told.find(GetParam().what) == told.npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const Value loops = JsonAt(port, "/debug/activities.json");
    for (const Value& one :
         In(In(loops, 0), "activities").list_value().values()) {
      if (Text(one, "trace_id") != kTrace) continue;
      const Value& waits = In(one, "waits");
      if (waits.list_value().values().empty()) continue;
      ASSERT_EQ(waits.list_value().values_size(), 1);
      EXPECT_EQ(Text(In(waits, 0), "kind"), GetParam().kind);
      EXPECT_LE(In(In(waits, 0), "seconds").number_value(),
                In(one, "seconds").number_value());
      told = Text(In(waits, 0), "what");
    }
  }
  EXPECT_THAT(told, HasSubstr(GetParam().what));
  program.Signal(SIGKILL);
  program.Wait();
  answer.get();
}

INSTANTIATE_TEST_SUITE_P(
    DebugProgramTest, WaitingProgramTest,
    testing::Values(Hanging{"querying", "statement",
                            "greeter.db: WITH RECURSIVE n (i)"},
                    Hanging{"pooled", "pool", "a job of the pool"},
                    Hanging{"delayed", "timer", "1h"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(DebugProgramTest, AnswersWhileALoopIsStuckAndNamesWhoBlocksIt) {
  Program program(Flags({"--debug-port", "0"}));
  program.Ready();
  const int port = DebugPort(program);
  auto answer = std::async(std::launch::async,
                           [&program] { return Greet(program, "stuck"); });
  ASSERT_TRUE(program.Says("a callback blocks the loop"));
  const Value loops = JsonAt(port, "/debug/loops.json");
  EXPECT_THAT(Text(In(loops, 0), "error"),
              HasSubstr("the loop does not answer"));
  const Value overruns = JsonAt(port, "/debug/overruns.json");
  ASSERT_GE(overruns.list_value().values_size(), 1);
  EXPECT_EQ(Text(In(overruns, 0), "handler"), "sample.v1.GreeterService/Greet");
  EXPECT_FALSE(In(In(overruns, 0), "ended").bool_value());
  EXPECT_GE(In(In(overruns, 0), "stack").list_value().values_size(), 3);
  program.Signal(SIGKILL);
  program.Wait();
  answer.get();
}

TEST_F(DebugProgramTest, SetsLogLevels) {
  Program program(Flags({"--debug-port", "0"}));
  program.Ready();
  const int port = DebugPort(program);
  const auto post = [port](const std::string& body) {
    return HttpExchange(port, "POST", "/debug/logs.json", body);
  };
  const auto level_of = [port](const std::string& service) {
    return Text(In(JsonAt(port, "/debug/logs.json"), "levels"), service);
  };
  EXPECT_EQ(level_of("millrace"), "info");
  EXPECT_THAT(post(R"({"service":"greeter","level":"debug"})"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(level_of("greeter"), "debug");
  EXPECT_EQ(level_of("millrace"), "info");
  EXPECT_THAT(post(R"({"level":"error"})"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(level_of("greeter"), "error");
  EXPECT_EQ(level_of("millrace"), "error");
  Greet(program, "Ada");

  EXPECT_THAT(post(R"({"level":"loud"})"),
              AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("not 'loud'")));
  EXPECT_THAT(post(R"({"level":"info","servce":"greeter"})"),
              AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("'servce'")));
  EXPECT_THAT(post(R"({"service":"nobody","level":"info"})"),
              AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("'nobody'")));
  EXPECT_THAT(post("level=info"), StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(level_of("greeter"), "error");
  // What is set by hand lasts until the configuration is reloaded.
  program.Signal(SIGHUP);
  ASSERT_TRUE(program.Says("the configuration is reloaded, nothing differs"));
  EXPECT_EQ(level_of("greeter"), "info");
  // Calls are logged again, and those of before were not.
  const auto logged =
      HasSubstr("\"method\":\"sample.v1.GreeterService/Greet\"");
  EXPECT_THAT(program.Errors(), Not(logged));
  Greet(program, "Ada");
  EXPECT_TRUE(program.Says("sample.v1.GreeterService/Greet"));
}

TEST_F(DebugProgramTest, CapturesATimelineOfAllLoops) {
  Program program(Flags({"--debug-port", "0", "--loops", "2"}));
  program.Ready();
  const int port = DebugPort(program);
  auto answer = std::async(std::launch::async, [port] {
    return Get(port, "/debug/timeline.json?seconds=2");
  });
  for (int i = 0; i < 10; ++i) {
    Greet(program, "Ada");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_THAT(
      Get(port, "/debug/timeline.json?seconds=1"),
      AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("is being captured")));
  const std::string text = answer.get();
  EXPECT_THAT(text, AllOf(HasSubstr("millrace-timeline.json"),
                          HasSubstr("{\"name\":\"main\"}"),
                          HasSubstr("{\"name\":\"loop-1\"}"),
                          HasSubstr("sample.v1.GreeterService/Greet")));
  const Value events = Json(text);
  EXPECT_GT(events.list_value().values_size(), 20);
  EXPECT_THAT(Get(port, "/debug/timeline.json?seconds=61"),
              AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("1 to 60")));
  // And again, when the first is over.
  EXPECT_THAT(Get(port, "/debug/timeline.json?seconds=1"),
              StartsWith("HTTP/1.1 200 "));
}

#ifndef MILLRACE_SANITIZED
TEST_F(DebugProgramTest, SamplesAllocations) {
  Program program(Flags({"--debug-port", "0"}));
  program.Ready();
  const int port = DebugPort(program);
  auto answer = std::async(std::launch::async, [port] {
    return Get(port, "/debug/allocations.json?seconds=3");
  });
  for (int i = 0; i < 50; ++i) Greet(program, "Ada");
  EXPECT_THAT(Get(port, "/debug/allocations.json?seconds=1"),
              AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("being sampled")));
  while (answer.wait_for(std::chrono::seconds(0)) !=
         std::future_status::ready) {
    Greet(program, "Ada");
  }
  const Value profile = Json(answer.get());
  EXPECT_GT(In(profile, "allocated_bytes").number_value(), 1e5);
  const Value& sites = In(profile, "sites");
  ASSERT_GT(sites.list_value().values_size(), 0);
  std::string stacks;
  for (const Value& site : sites.list_value().values()) {
    for (const Value& frame : In(site, "stack").list_value().values()) {
      stacks += frame.string_value() + "\n";
    }
  }
  EXPECT_TRUE(stacks.find("GreeterModule::Greet()") != stacks.npos);
  EXPECT_TRUE(stacks.find("libjemalloc") == stacks.npos);
}
#endif

TEST_F(DebugProgramTest, IsForThisMachineAloneAndNoPageOfOthers) {
  Program program(Flags({"--debug-port", "0"}));
  program.Ready();
  const int port = DebugPort(program);
  EXPECT_THAT(Get(port, "/debug/logs.json", "sec-fetch-site: cross-site\r\n"),
              StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(Get(port, "/debug/logs.json", "sec-fetch-site: same-origin\r\n"),
              StartsWith("HTTP/1.1 200 "));
  // A form of another page can say neither JSON nor another host.
  const auto raw = [port](const std::string& head) {
    return HttpExchangeRaw(port, head + "connection: close\r\n\r\n");
  };
  EXPECT_THAT(raw("GET /debug/logs.json HTTP/1.1\r\nhost: evil.example\r\n"),
              StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(raw("GET / HTTP/1.1\r\nhost: 127.0.0.1:1\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(raw("POST /debug/logs.json HTTP/1.1\r\nhost: localhost\r\n"
                  "content-type: text/plain\r\ncontent-length: 0\r\n"),
              AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("must be JSON")));
}

TEST_F(DebugProgramTest, IsOpenedAndClosedBySighup) {
  const std::string path = dir_ / "config.yaml";
  const auto yaml = [&path](const std::string& text) {
    std::ofstream(path + ".new") << text;
    EXPECT_EQ(rename((path + ".new").c_str(), path.c_str()), 0);
  };
  yaml("");
  Program program(Flags({"--config", path, "--set", "log.level=info"}));
  program.Ready();
  yaml("debug:\n  port: 0\n");
  program.Signal(SIGHUP);
  const int port = DebugPort(program);
  EXPECT_THAT(Get(port, "/debug/logs.json"), StartsWith("HTTP/1.1 200 "));

  // A port that is taken: the rest of the change waits, too.
  yaml(StrCat("debug:\n  port: ", program.http, "\nlog:\n  calls: none\n"));
  program.Signal(SIGHUP);
  EXPECT_TRUE(program.Says("is not reloaded, nothing has changed"));
  EXPECT_THAT(program.Errors(), HasSubstr("--debug-port"));
  EXPECT_THAT(Get(port, "/debug/logs.json"), StartsWith("HTTP/1.1 200 "));

  yaml("debug:\n  port: -1\n");
  program.Signal(SIGHUP);
  ASSERT_TRUE(program.Says("the debug page is closed"));
  EXPECT_EQ(Get(port, "/debug/logs.json"), "");
  EXPECT_THAT(Greet(program, "Ada"), HasSubstr("hello Ada"));
  program.Signal(SIGTERM);
  const int status = program.Wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << status << program.Errors();
}

TEST_F(DebugProgramTest, PortThatIsTakenEndsTheStart) {
  Program running(Flags());
  running.Ready();
  Program second({"--http-port", "0", "--grpc-port", "0", "--data",
                  dir_ / "other", "--debug-port", StrCat(running.http)});
  const int status = second.Wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
  EXPECT_THAT(second.Errors(), AllOf(HasSubstr(StrCat(running.http)),
                                     HasSubstr("--debug-port")));
}

}  // namespace
}  // namespace millrace::runtime
