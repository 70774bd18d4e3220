#include "runtime/host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "absl/time/clock.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/tcp.h"
#include "loop/worker_pool.h"
#include "runtime/testdata/sample_host.h"

namespace millrace::runtime {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// A log that can be away, and has nothing in it.
class FakeTransport final : public bus::Transport {
 public:
  class Nobody final : public bus::Consumer {
    void Commit(const bus::TopicPartition&, bus::Progress) override {}
    void Pause(const std::vector<bus::TopicPartition>&) override {}
    void Resume(const std::vector<bus::TopicPartition>&) override {}
    Promise<void> Close(absl::Duration) override {
      return Promise<void>::Resolve();
    }
  };

  Promise<void> Publish(std::vector<bus::Record>) override { return Answer(); }
  Promise<void> EnsureTopics(std::vector<bus::TopicSpec>) override {
    return Answer();
  }
  absl::StatusOr<std::unique_ptr<bus::Consumer>> Join(
      bus::GroupSpec, bus::ConsumerEvents&) override {
    return std::make_unique<Nobody>();
  }
  Stream<bus::Record> Tail(std::vector<std::string>, bus::TailFrom,
                           bool) override {
    return Stream<bus::Record>::Empty();
  }
  Stream<bus::Record> TailAt(std::vector<bus::TailStart>, bool) override {
    return Stream<bus::Record>::Empty();
  }
  Promise<std::vector<bus::GroupOffset>> Offsets(
      std::string, std::vector<std::string>) override {
    return Promise<std::vector<bus::GroupOffset>>::Resolve(
        std::vector<bus::GroupOffset>());
  }
  Promise<std::vector<std::string>> Groups() override {
    return Promise<std::vector<std::string>>::Resolve(
        std::vector<std::string>());
  }
  absl::Status health() override { return status; }
  Promise<void> Close(absl::Duration) override {
    closed = true;
    return Promise<void>::Resolve();
  }

  absl::Status status;
  bool closed = false;

 private:
  Promise<void> Answer() {
    return status.ok() ? Promise<void>::Resolve()
                       : Promise<void>::Reject(status);
  }
};

class HostTest : public SampleHostTest {
 protected:
  HostTest() { config_.set_readiness_interval("10ms"); }

  std::string Greet(const std::string& name) {
    return Http("POST", "/sample.v1.GreeterService/Greet",
                StrCat("{\"name\":\"", name, "\"}"));
  }

  bool Happened(const std::string& entry) const {
    return std::find(journal_.entries.begin(), journal_.entries.end(), entry) !=
           journal_.entries.end();
  }
};

TEST_F(HostTest, StartsServesAndDrains) {
  ASSERT_TRUE(Create().ok());
  ASSERT_TRUE(Settle(loop_, host_->Start()).ok());
  EXPECT_THAT(journal_.entries, ElementsAre("greeter starts", "choir starts"));
  EXPECT_THAT(Http("GET", "/healthz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Http("GET", "/readyz"),
              AllOf(StartsWith("HTTP/1.1 200 "),
                    HasSubstr(R"({"ready":true,"needs":{"bus":{"ok":true},)"
                              R"("choir":{"ok":true},"greeter":{"ok":true},)"
                              R"("greeter.database":{"ok":true}}})")));

  // One module calls the other, which writes and emits.
  EXPECT_THAT(Http("POST", "/sample.v1.ChoirService/Sing", R"({"name":"Ada"})"),
              HasSubstr(R"({"text":"la hello Ada"})"));
  Until([&] { return Happened("choir hears hello Ada"); });

  EXPECT_THAT(Http("GET", "/metrics"),
              HasSubstr("millrace_calls_total{code=\"OK\",face=\"http\","
                        "method=\"sample.v1.ChoirService/Sing\"} 1"));
  EXPECT_THAT(
      Http("GET", "/metrics"),
      AllOf(HasSubstr(
                R"(millrace_loop_lag_p99_seconds{kind="post",loop="main"})"),
            HasSubstr(R"(millrace_loop_phase_max_seconds{loop="main",)"
                      R"(phase="poll"})"),
            HasSubstr(R"(millrace_loop_handles{kind="tcp",loop="main"})")));
  EXPECT_TRUE(Drain().ok());
  EXPECT_THAT(std::vector<std::string>(journal_.entries.end() - 2,
                                       journal_.entries.end()),
              ElementsAre("choir stops", "greeter stops"));
  EXPECT_EQ(Http("GET", "/healthz"), "");
}

TEST_F(HostTest, EventsEmittedByHandAreHeardAndTailed) {
  ASSERT_TRUE(Create().ok());
  ASSERT_TRUE(Settle(loop_, host_->Start()).ok());
  const std::string path = "/millrace.v1.BusService/";
  EXPECT_THAT(Http("POST", path + "Emit",
                   R"({"type":"sample.v1.GreeterEvents.Greeted",)"
                   R"("json":"{\"text\":\"by hand\"}"})"),
              AllOf(HasSubstr(R"("key":"by hand")"),
                    HasSubstr(R"("topic":"sample.v1.greetings")")));
  Until([&] { return Happened("choir hears by hand"); });
  EXPECT_THAT(Http("POST", path + "Emit",
                   R"({"type":"sample.v1.GreeterEvents.Greted"})"),
              HasSubstr("no contract that this process knows has the event "
                        "'sample.v1.GreeterEvents.Greted'; did you mean "
                        "'sample.v1.GreeterEvents.Greeted'?"));
  EXPECT_THAT(Http("POST", path + "Emit",
                   R"({"type":"sample.v1.GreeterEvents.Greeted",)"
                   R"("json":"{\"txt\":1}"})"),
              AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("txt")));
  EXPECT_THAT(Http("POST", path + "ListDeadLetters", "{}"),
              HasSubstr("\r\n\r\n{}"));
  EXPECT_THAT(Http("POST", path + "ReplayDeadLetters", "{}"),
              HasSubstr("must be an id, a key, or all of them"));
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostTest, HandlersAndListenersThatBlockTheLoopAreNamedWhileTheyDo) {
  config_.mutable_loop()->set_budget("20ms");
  // Both return only once the log has named them.
  const auto named = [&](const std::string& handler) {
    for (auto line : logger_.Saying("a callback blocks the loop")) {
      if (line["handler"] == handler) return line;
    }
    return MemoryLogger::Line();
  };
  const auto block = [&](const std::string& handler) {
    const absl::Time end = absl::Now() + absl::Seconds(50);
    while (named(handler).empty() && absl::Now() < end) {
      absl::SleepFor(absl::Microseconds(100));
    }
  };
  journal_.on_greet = [&] { block("sample.v1.GreeterService/Greet"); };
  journal_.on_hear = [&] { block("choir.heard"); };
  ASSERT_TRUE(Create().ok());
  ASSERT_TRUE(Settle(loop_, host_->Start()).ok());
  EXPECT_THAT(Greet("Ada"), HasSubstr("hello Ada"));
  Until([&] { return Happened("choir hears hello Ada"); });

  const auto calls = logger_.Saying("call");
  ASSERT_EQ(calls.size(), 1);
  const std::string trace_id = calls[0].at("trace_id");
  auto call = named("sample.v1.GreeterService/Greet");
  EXPECT_EQ(call["trace_id"], trace_id);
  EXPECT_THAT(call["stack"], HasSubstr("GreeterModule::Greet"));
  auto event = named("choir.heard");
  EXPECT_EQ(event["event"], "sample.v1.GreeterEvents.Greeted");
  EXPECT_EQ(event["trace_id"], trace_id);
  EXPECT_THAT(event["stack"], HasSubstr("ChoirModule::OnGreeted"));
  EXPECT_THAT(Http("GET", "/metrics"),
              testing::ContainsRegex(
                  "millrace_loop_overruns_total ([2-9]|[1-9][0-9])"));
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostTest, WritesATimelineWithTheCallsInIt) {
  config_.mutable_loop()->set_timeline(dir_ / "timeline.json");
  ASSERT_TRUE(Create().ok());
  ASSERT_TRUE(Settle(loop_, host_->Start()).ok());
  EXPECT_THAT(Greet("Ada"), HasSubstr("hello Ada"));
  Until([&] { return Happened("choir hears hello Ada"); });
  EXPECT_TRUE(Drain().ok());
  host_.reset();
  std::ifstream file(dir_ / "timeline.json");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_THAT(text,
              AllOf(HasSubstr(R"("name":"sample.v1.GreeterService/Greet")"),
                    HasSubstr(R"("args":{"event":"sample.v1.GreeterEvents.)"
                              R"(Greeted"})")));
}

TEST_F(HostTest, TimelineThatCannotBeWrittenIsNamed) {
  config_.mutable_loop()->set_timeline(dir_ / "missing/timeline.json");
  EXPECT_THAT(std::string(MessageOf(Create())),
              HasSubstr("missing/timeline.json"));
}

TEST_F(HostTest, NeedThatIsMissingIsNamed) {
  config_.clear_services();
  config_.add_services("choir");
  EXPECT_EQ(MessageOf(Create()),
            "choir needs sample.v1.GreeterService, which no module of this "
            "process provides; say where it is: set it with --set "
            "remote.sample=... or MILLRACE_REMOTE_SAMPLE");
}

TEST_F(HostTest, ModuleThatCannotStartEndsTheStart) {
  journal_.on_start = [] {
    Throw(absl::FailedPreconditionError("no greeting is configured"));
  };
  ASSERT_TRUE(Create().ok());
  EXPECT_EQ(Settle(loop_, host_->Start()),
            absl::FailedPreconditionError(
                "module greeter cannot start: no greeting is configured"));
  EXPECT_TRUE(Drain().ok());
  EXPECT_FALSE(Happened("choir starts"));
  EXPECT_FALSE(Happened("greeter stops"));
}

TEST_F(HostTest, ModuleIsStartedAgainWhileSomethingIsAway) {
  int attempts = 0;
  journal_.on_start = [&] {
    if (++attempts < 3) Throw(absl::UnavailableError("the moon is away"));
  };
  ASSERT_TRUE(Create().ok());
  Promise<void> started = host_->Start();
  Until([&] { return attempts == 1; });
  EXPECT_THAT(Http("GET", "/readyz"),
              AllOf(StartsWith("HTTP/1.1 503 "),
                    HasSubstr(R"("greeter":{"ok":false,)"
                              R"("error":"the moon is away"})")));
  EXPECT_THAT(Greet("Ada"),
              AllOf(StartsWith("HTTP/1.1 503 "),
                    HasSubstr("sample.v1.GreeterService is not ready: the moon "
                              "is away")));
  ASSERT_TRUE(Settle(loop_, std::move(started)).ok());
  EXPECT_EQ(attempts, 3);
  EXPECT_THAT(Greet("Ada"), HasSubstr("hello Ada"));
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostTest, ProvidedServiceMustBeServed) {
  journal_.forget_to_serve = true;
  ASSERT_TRUE(Create().ok());
  EXPECT_EQ(Settle(loop_, host_->Start()),
            absl::FailedPreconditionError(
                "module greeter cannot start: it provides "
                "sample.v1.GreeterService, which it did not bind with "
                "Serve()"));
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostTest, AnswersWhileTheBrokerIsAwayAndRecovers) {
  FakeTransport transport;
  transport.status = absl::UnavailableError("no broker of one:9092 answers");
  ASSERT_TRUE(Create(&transport).ok());
  Promise<void> started = host_->Start();
  Until([&] { return Happened("choir starts"); });
  EXPECT_THAT(Http("GET", "/readyz"),
              AllOf(StartsWith("HTTP/1.1 503 "),
                    HasSubstr(R"("bus":{"ok":false,"error":)"
                              R"("no broker of one:9092 answers"})")));
  EXPECT_THAT(Greet("Ada"), StartsWith("HTTP/1.1 200 "));

  transport.status = absl::OkStatus();
  ASSERT_TRUE(Settle(loop_, std::move(started)).ok());
  transport.status = absl::UnavailableError("away again");
  Until([&] { return !host_->readiness().ready(); });
  EXPECT_THAT(Http("GET", "/readyz"), HasSubstr("away again"));
  transport.status = absl::OkStatus();
  Until([&] { return host_->readiness().ready(); });
  EXPECT_TRUE(Drain().ok());
  EXPECT_TRUE(transport.closed);
}

TEST_F(HostTest, StartsWhileTheDatabaseIsAway) {
  (*config_.mutable_databases())["greeter"].set_url(
      "postgresql://nobody@127.0.0.1:1/greeter");
  ASSERT_TRUE(Create().ok());
  Promise<absl::Status> started = AsStatusOr(host_->Start());
  Until([&] {
    return host_->readiness().StatusOf("bus").ok() &&
           host_->readiness().StatusOf("greeter.database").message() !=
               "it has not started";
  });
  EXPECT_THAT(Http("GET", "/readyz"),
              AllOf(StartsWith("HTTP/1.1 503 "),
                    HasSubstr("\"greeter.database\":{\"ok\":false,\"error\":"
                              "\"database postgresql://127.0.0.1:1/greeter"),
                    HasSubstr(R"("bus":{"ok":true})")));
  EXPECT_THAT(Greet("Ada"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(Http("GET", "/healthz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(Drain().ok());
  EXPECT_EQ(*Settle(loop_, std::move(started)),
            absl::CancelledError("the process ends"));
}

TEST_F(HostTest, PortThatIsTakenIsNamed) {
  auto taken = TcpListener::Listen(loop_, "127.0.0.1", 0, 1,
                                   [](std::shared_ptr<TcpConnection>) {});
  ASSERT_TRUE(taken.ok());
  config_.mutable_http()->set_port((*taken)->port());
  ASSERT_TRUE(Create().ok());
  EXPECT_THAT(
      std::string(MessageOf(Settle(loop_, host_->Start()))),
      AllOf(HasSubstr(StrCat((*taken)->port())), HasSubstr("--http-port")));
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostTest, DataDirectoryIsForOneProcess) {
  auto other = DataDir::Lock(config_.data_dir());
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE(Create().ok());
  EXPECT_EQ(Settle(loop_, host_->Start()),
            absl::FailedPreconditionError(
                StrCat("cannot use the data directory '", config_.data_dir(),
                       "': another process uses it; set it with ",
                       "--data or MILLRACE_DATA_DIR")));
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostTest, PagesOfAllowedOriginsMayCall) {
  config_.mutable_http()->mutable_cors()->add_origins("https://app.example");
  Start();
  const std::string path = "/sample.v1.GreeterService/Greet";
  EXPECT_THAT(Http("OPTIONS", path, "",
                   "Origin: https://app.example\r\n"
                   "Access-Control-Request-Method: POST\r\n"
                   "Access-Control-Request-Headers: content-type\r\n"),
              AllOf(StartsWith("HTTP/1.1 204 "),
                    HasSubstr("Access-Control-Allow-Methods: OPTIONS, POST"),
                    HasSubstr("Access-Control-Allow-Headers: content-type"),
                    HasSubstr("Access-Control-Max-Age: 7200\r\n")));
  const std::string allowed =
      "Access-Control-Allow-Origin: https://app.example\r\n";
  EXPECT_THAT(Http("POST", path, R"({"name":"Ada"})",
                   "Origin: https://app.example\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr(allowed)));
  EXPECT_THAT(
      Http("POST", path, R"({"name":1})", "Origin: https://app.example\r\n"),
      AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr(allowed)));
  EXPECT_THAT(
      Http("POST", path, R"({"name":"Ada"})", "Origin: https://b.example\r\n"),
      AllOf(StartsWith("HTTP/1.1 200 "),
            Not(HasSubstr("Access-Control-Allow-Origin"))));
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostTest, DataDirectoryIsMadeForItsOwnerAlone) {
  namespace fs = std::filesystem;
  const mode_t before = umask(022);
  for (const char* name : {"a/data", "b/data/"}) {
    const fs::path path = fs::path(config_.data_dir()) / name;
    ASSERT_TRUE(DataDir::Lock(path).ok()) << path;
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all) << path;
  }
  umask(before);
}

TEST_F(HostTest, DataDirectoryThatIsThereKeepsItsMode) {
  namespace fs = std::filesystem;
  const fs::path path = fs::path(config_.data_dir()) / "shared";
  fs::create_directories(path);
  ASSERT_EQ(chmod(path.c_str(), 02770), 0);
  ASSERT_TRUE(DataDir::Lock(path).ok());
  EXPECT_EQ(static_cast<unsigned>(fs::status(path).permissions()), 02770u);
}

TEST_F(HostTest, DataDirectoryCannotBeAFile) {
  const std::string path = config_.data_dir() + "-file";
  std::ofstream(path).flush();
  for (const std::string& data : {path, path + "/data"}) {
    const auto locked = DataDir::Lock(data);
    EXPECT_EQ(locked.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(locked.status().message()),
                HasSubstr("Not a directory"));
  }
}

}  // namespace
}  // namespace millrace::runtime
