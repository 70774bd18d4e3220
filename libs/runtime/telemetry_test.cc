#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <thread>

#include "base/status.h"
#include "runtime/logs.h"
#include "runtime/prometheus.h"

namespace millrace::runtime {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Line(std::string_view message,
                 std::initializer_list<LogField> fields) {
  return FormatLogLine(
      absl::UnixEpoch() + absl::Microseconds(1500), Severity::kWarning, message,
      "", absl::Span<const LogField>(fields.begin(), fields.size()));
}

TEST(LogLineTest, FieldsKeepTheirTypes) {
  EXPECT_EQ(
      Line("done", {{"text", "a"},
                    {"whole", 7},
                    {"real", 0.5},
                    {"yes", true},
                    {"endless", std::numeric_limits<double>::infinity()}}),
      R"({"ts":"1970-01-01T00:00:00.001500Z","level":"warning",)"
      R"("msg":"done","text":"a","whole":7,"real":0.5,"yes":true,)"
      R"("endless":null})");
}

TEST(LogLineTest, NothingBreaksOutOfItsText) {
  EXPECT_THAT(Line("a\"b\\c\nd\x01", {}),
              HasSubstr(R"("msg":"a\"b\\c\nd\u0001"})"));
}

TEST(LogLineTest, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_THAT(Line("\xC3\xA4 \xFF \xC0\x80 \xED\xA0\x80", {}),
              HasSubstr("\xC3\xA4 \\ufffd \\ufffd\\ufffd "
                        "\\ufffd\\ufffd\\ufffd"));
}

TEST(LogsTest, LinesCarryServiceAndEnvironmentAndObeyTheLevel) {
  testing::internal::CaptureStderr();
  {
    Logs logs({Severity::kInfo, "test"});
    Logger& logger = logs.ForService("users");
    EXPECT_FALSE(logger.Enabled(Severity::kDebug));
    logger.Debug("hidden");
    logger.Info("shown", {{"trace_id", "abc"}});
    EXPECT_EQ(&logger, &logs.ForService("users"));
  }
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, HasSubstr(R"("msg":"shown","env":"test",)"
                              R"("service":"users","trace_id":"abc"})"));
  EXPECT_THAT(text, Not(HasSubstr("hidden")));
  EXPECT_EQ(text.back(), '\n');
}

TEST(LogsTest, LevelsChangeForAllAndForOne) {
  testing::internal::CaptureStderr();
  {
    Logs logs({Severity::kError, "test"});
    Logger& users = logs.ForService("users");
    users.Info("one");
    logs.SetLevel(Severity::kInfo);
    users.Info("two");
    logs.SetLevel("users", Severity::kWarning);
    users.Info("three");
    logs.ForService("admin").Info("four");
    EXPECT_EQ(logs.levels(),
              (std::map<std::string, Severity>{{"admin", Severity::kInfo},
                                               {"users", Severity::kWarning}}));
    logs.SetLevel(Severity::kDebug);
    users.Debug("five");
  }
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, Not(HasSubstr("one")));
  EXPECT_THAT(text, HasSubstr("two"));
  EXPECT_THAT(text, Not(HasSubstr("three")));
  EXPECT_THAT(text, HasSubstr("four"));
  EXPECT_THAT(text, HasSubstr("five"));
}

TEST(PrometheusTest, SameNameAndLabelsAreOneMetric) {
  PrometheusMetrics metrics;
  Counter& ok = metrics.AddCounter("calls_total", "Calls.", {{"code", "OK"}});
  EXPECT_EQ(&ok,
            &metrics.AddCounter("calls_total", "Calls.", {{"code", "OK"}}));
  metrics.AddCounter("calls_total", "Calls.", {{"code", "INTERNAL"}}).Add(3);
  ok.Add();
  metrics.AddGauge("in_flight", "Now.").Set(2);
  metrics.AddHistogram("seconds", "Time.", {}, {0.1, 1}).Observe(0.5);
  const std::string text = metrics.Expose();
  EXPECT_THAT(text, HasSubstr("# TYPE calls_total counter"));
  EXPECT_THAT(text, HasSubstr("calls_total{code=\"OK\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("calls_total{code=\"INTERNAL\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("in_flight 2\n"));
  EXPECT_THAT(text, HasSubstr("seconds_bucket{le=\"0.1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("seconds_bucket{le=\"+Inf\"} 1\n"));
}

TEST(PrometheusTest, BadNamesAndChangedKindsAreRefused) {
  PrometheusMetrics metrics;
  EXPECT_THROW(metrics.AddCounter("no-dashes", ""), StatusError);
  EXPECT_THROW(metrics.AddCounter("fine", "", {{"__hidden", "x"}}),
               StatusError);
  metrics.AddCounter("taken", "");
  EXPECT_THROW(metrics.AddGauge("taken", ""), StatusError);
}

TEST(PrometheusTest, TellsWhatTheProcessUses) {
  PrometheusMetrics metrics;
  const std::string text = metrics.Expose();
  EXPECT_THAT(text, HasSubstr("process_resident_memory_bytes "));
  EXPECT_THAT(text, HasSubstr("process_cpu_seconds_total "));
  EXPECT_THAT(text, Not(HasSubstr("process_resident_memory_bytes 0\n")));
  EXPECT_THAT(text, Not(HasSubstr("process_open_fds 0\n")));
}

}  // namespace
}  // namespace millrace::runtime
