// What a process says when it ends of itself: loop/crash_report.h.

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "runtime/program_run.h"

namespace millrace::runtime {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kTrace[] = "0123456789abcdef0123456789abcdef";
constexpr char kOther[] = "fedcba9876543210fedcba9876543210";

// Sanitizers have reports of their own for what the kernel sends.
#ifdef MILLRACE_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

class CrashProgramTest : public ProgramTest {
 protected:
  using Report = google::protobuf::Map<std::string, google::protobuf::Value>;

  static std::future<std::string> Call(const Program& program,
                                       const std::string& name,
                                       const std::string& trace) {
    return std::async(std::launch::async, [&program, name, trace] {
      return HttpExchange(
          program.http, "POST", "/sample.v1.GreeterService/Greet",
          StrCat("{\"name\":\"", name, "\"}"), "*/*",
          StrCat("traceparent: 00-", trace, "-0123456789abcdef-01\r\n"));
    });
  }

  // The one line of the report.
  static Report ReportOf(const Program& program) {
    const std::string text = program.Errors();
    const std::string message = "\"msg\":\"the process crashes\"";
    const size_t at = text.find(message);
    google::protobuf::Struct report;
    if (at == text.npos) {
      ADD_FAILURE() << "no report in: " << text;
      return {};
    }
    EXPECT_EQ(text.find(message, at + 1), text.npos);
    const size_t begin = text.rfind('\n', at) + 1;
    const std::string line = text.substr(begin, text.find('\n', at) - begin);
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(line, &report).ok())
        << line;
    return report.fields();
  }

  static std::string Text(const Report& report, const std::string& key) {
    const auto found = report.find(key);
    return found == report.end() ? "" : found->second.string_value();
  }
  static std::vector<std::string> InFlight(const Report& report) {
    std::vector<std::string> ids;
    for (const auto& id : report.at("in_flight").list_value().values()) {
      ids.push_back(id.string_value());
    }
    return ids;
  }

  static void EndsBy(Program& program, int signum) {
    const int status = program.Wait();
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signum) << status;
  }

  // Of a call of kTrace that crashes while one of `waiting_trace` waits.
  Report CrashBeside(const char* waiting_trace) {
    Program program(Flags());
    program.Ready();
    auto waiting = Call(program, "forever", waiting_trace);
    while (HttpExchange(program.http, "GET", "/metrics")
               .find("millrace_calls_in_flight 1\n") == std::string::npos) {
      std::this_thread::yield();
    }
    auto crashing = Call(program, "crash", kTrace);
    EndsBy(program, SIGSEGV);
    waiting.get();
    crashing.get();
    return ReportOf(program);
  }
};

TEST_F(CrashProgramTest, TellsWhereItWasAndWhatWasInFlight) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer reports it";
  const Report report = CrashBeside(kOther);
  EXPECT_EQ(Text(report, "level"), "error");
  EXPECT_THAT(Text(report, "ts"),
              testing::ContainsRegex("^20[0-9][0-9]-[01][0-9]-[0-3][0-9]T"
                                     "[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\\."
                                     "[0-9][0-9][0-9][0-9][0-9][0-9]Z$"));
  EXPECT_EQ(Text(report, "signal"), "SIGSEGV");
  EXPECT_EQ(Text(report, "address"), "0x10");
  EXPECT_EQ(Text(report, "handler"), "sample.v1.GreeterService/Greet");
  EXPECT_EQ(Text(report, "trace_id"), kTrace);
  EXPECT_THAT(InFlight(report), testing::UnorderedElementsAre(kTrace, kOther));
  EXPECT_EQ(report.at("in_flight_count").number_value(), 2);
  EXPECT_THAT(Text(report, "stack"),
              AllOf(StartsWith("0x"), HasSubstr("Crash"), HasSubstr("Greet")));
  EXPECT_THAT(Text(report, "base"), StartsWith("0x"));
}

TEST_F(CrashProgramTest, NamesATraceOnceHoweverMuchOfItIsInFlight) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer reports it";
  const Report report = CrashBeside(kTrace);
  EXPECT_THAT(InFlight(report), testing::ElementsAre(kTrace));
  EXPECT_EQ(report.at("in_flight_count").number_value(), 2);
}

TEST_F(CrashProgramTest, TellsOfAnExceptionThatNobodyCaught) {
  Program program(Flags());
  program.Ready();
  auto crashing = Call(program, "terminate", kTrace);
  EndsBy(program, SIGABRT);
  const Report report = ReportOf(program);
  EXPECT_EQ(Text(report, "signal"), "SIGABRT");
  EXPECT_THAT(Text(report, "error"),
              AllOf(HasSubstr("nobody caught"),
                    HasSubstr("std::runtime_error: \"quoted\"")));
  // Another thread than the one that works on the call.
  EXPECT_EQ(Text(report, "trace_id"), "");
  EXPECT_THAT(InFlight(report), testing::ElementsAre(kTrace));
  crashing.get();
}

TEST_F(CrashProgramTest, TellsOfAStackThatOverflows) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer reports it";
  for (const char* loops : {"1", "2"}) {
    Program program(Flags({"--loops", loops}));
    program.Ready();
    auto crashing = Call(program, "overflow", kTrace);
    EndsBy(program, SIGSEGV);
    const Report report = ReportOf(program);
    EXPECT_EQ(Text(report, "trace_id"), kTrace);
    EXPECT_THAT(Text(report, "stack"), HasSubstr("Overflow"));
    crashing.get();
  }
}

TEST_F(CrashProgramTest, SignalOfSomebodyElseHasNoAddress) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer reports it";
  Program program(Flags());
  program.Ready();
  program.Signal(SIGBUS);
  EndsBy(program, SIGBUS);
  const Report report = ReportOf(program);
  EXPECT_EQ(Text(report, "signal"), "SIGBUS");
  EXPECT_EQ(report.count("address"), 0);
  EXPECT_THAT(InFlight(report), testing::IsEmpty());
}

}  // namespace
}  // namespace millrace::runtime
