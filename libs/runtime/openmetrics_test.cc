#include "runtime/openmetrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/exemplars.h"
#include "runtime/prometheus.h"

namespace millrace::runtime {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(OpenMetricsTest, AHistogramNamesATraceForEachBucketThatHasOne) {
  MetricPoint point{
      .labels = {{"method", "a.v1.A/Do"}},
      .count = 3,
      .sum = 2.5,
      .bounds = {0.1, 1},
      .counts = {2, 0, 1},
      .exemplars = {{.bucket = 2,
                     .value = 2,
                     .time = absl::FromUnixMillis(1'700'000'000'250),
                     .trace_id = {0xab},
                     .span_id = {0xcd}}}};
  EXPECT_EQ(OpenMetricsText({{.name = "millrace_call_seconds",
                              .help = "How long \"calls\" took.",
                              .kind = MetricFamily::Kind::kHistogram,
                              .points = {point}}}),
            "# HELP millrace_call_seconds How long \\\"calls\\\" took.\n"
            "# TYPE millrace_call_seconds histogram\n"
            "millrace_call_seconds_bucket{method=\"a.v1.A/Do\",le=\"0.1\"} 2\n"
            "millrace_call_seconds_bucket{method=\"a.v1.A/Do\",le=\"1.0\"} 2\n"
            "millrace_call_seconds_bucket{method=\"a.v1.A/Do\",le=\"+Inf\"} 3"
            " # {trace_id=\"ab000000000000000000000000000000\","
            "span_id=\"cd00000000000000\"} 2.0 1700000000.250\n"
            "millrace_call_seconds_count{method=\"a.v1.A/Do\"} 3\n"
            "millrace_call_seconds_sum{method=\"a.v1.A/Do\"} 2.5\n"
            "# EOF\n");
}

TEST(OpenMetricsTest, CountersEndInTotalAndTheirFamilyDoesNot) {
  EXPECT_EQ(OpenMetricsText({{.name = "calls_total",
                              .help = "Calls.",
                              .kind = MetricFamily::Kind::kCounter,
                              .points = {{.value = 1}}}}),
            "# HELP calls Calls.\n# TYPE calls counter\ncalls_total 1.0\n"
            "# EOF\n");
}

TEST(OpenMetricsTest, NumbersAreWrittenAsTheSpecificationDoes) {
  const auto text = [](double value) {
    const std::string all =
        OpenMetricsText({{.name = "g", .points = {{.value = value}}}});
    const size_t begin = all.find("\ng ") + 3;
    return all.substr(begin, all.find('\n', begin) - begin);
  };
  EXPECT_EQ(text(0), "0.0");
  EXPECT_EQ(text(10), "10.0");
  EXPECT_EQ(text(-2.5), "-2.5");
  EXPECT_EQ(text(0.0005), "0.0005");
  EXPECT_EQ(text(1e6), "1e+06");
  EXPECT_EQ(text(0.00002), "2e-05");
  EXPECT_EQ(text(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(text(std::numeric_limits<double>::quiet_NaN()), "NaN");
}

TEST(OpenMetricsTest, NothingBreaksOutOfALabel) {
  EXPECT_THAT(
      OpenMetricsText(
          {{.name = "g", .points = {{.labels = {{"l", "a\"b\\c\nd"}}}}}}),
      HasSubstr("g{l=\"a\\\"b\\\\c\\nd\"} 0.0\n"));
}

TEST(OpenMetricsTest, IsGivenToWhoAsksForIt) {
  EXPECT_TRUE(TakesOpenMetrics("application/openmetrics-text"));
  EXPECT_TRUE(
      TakesOpenMetrics("application/openmetrics-text;version=1.0.0;q=0.5,"
                       "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"));
  EXPECT_FALSE(TakesOpenMetrics(""));
  EXPECT_FALSE(TakesOpenMetrics("*/*"));
  EXPECT_FALSE(TakesOpenMetrics("text/plain"));
  EXPECT_FALSE(TakesOpenMetrics("application/openmetrics-text;q=0"));
}

// The registry that both formats are read from.
TEST(OpenMetricsTest, ExamplesComeFromSampledTracesAndTheLatestStays) {
  PrometheusMetrics metrics;
  Histogram& histogram =
      metrics.AddHistogram("seconds", "Time.", {{"a", "b"}}, {0.1, 1});
  const ExemplarObserver seconds(histogram);
  TraceContext trace = TraceContext::NewRoot();
  seconds.Observe(trace, 0.5);
  trace.flags = 0;
  seconds.Observe(trace, 0.05);
  histogram.Observe(5);
  const TraceContext later = TraceContext::NewRoot();
  seconds.Observe(later, 1);  // a bound belongs to its bucket
  const std::string text = metrics.ExposeOpenMetrics();
  EXPECT_THAT(text, HasSubstr("seconds_bucket{a=\"b\",le=\"0.1\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("seconds_bucket{a=\"b\",le=\"1.0\"} 3 # {trace_id=\"" +
                        later.trace_id_hex() + "\",span_id=\"" +
                        later.span_id_hex() + "\"} 1.0 "));
  EXPECT_THAT(text, HasSubstr("seconds_bucket{a=\"b\",le=\"+Inf\"} 4\n"));
  EXPECT_THAT(metrics.Expose(), Not(HasSubstr("trace_id")));
}

}  // namespace
}  // namespace millrace::runtime
