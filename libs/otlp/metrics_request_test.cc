#include "otlp/metrics_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "otlp/testing/fake_collector.h"

namespace millrace::otlp {
namespace {

using opentelemetry::proto::metrics::v1::AGGREGATION_TEMPORALITY_CUMULATIVE;
using opentelemetry::proto::metrics::v1::Metric;
using testing::ElementsAre;
using testing::Pair;

constexpr int64_t kSecond = 1'000'000'000;

Metric Wire(const MetricFamily& family) {
  Metric metric;
  Fill(family, {absl::FromUnixSeconds(100), absl::FromUnixSeconds(160)},
       &metric);
  return metric;
}

TEST(MetricsRequestTest, ACounterIsAMonotonicSum) {
  const Metric metric =
      Wire({.name = "millrace_calls_total",
            .help = "Calls.",
            .kind = MetricFamily::Kind::kCounter,
            .points = {{.labels = {{"code", "OK"}}, .value = 3},
                       {.labels = {{"code", "UNKNOWN"}}}}});
  EXPECT_EQ(metric.name(), "millrace_calls_total");
  EXPECT_EQ(metric.description(), "Calls.");
  EXPECT_EQ(metric.unit(), "");
  ASSERT_TRUE(metric.has_sum());
  EXPECT_TRUE(metric.sum().is_monotonic());
  EXPECT_EQ(metric.sum().aggregation_temporality(),
            AGGREGATION_TEMPORALITY_CUMULATIVE);
  ASSERT_EQ(metric.sum().data_points_size(), 2);
  const auto& point = metric.sum().data_points(0);
  EXPECT_THAT(TextsOf(point.attributes()), ElementsAre(Pair("code", "OK")));
  EXPECT_EQ(point.as_double(), 3);
  EXPECT_EQ(point.start_time_unix_nano(), 100 * kSecond);
  EXPECT_EQ(point.time_unix_nano(), 160 * kSecond);
}

TEST(MetricsRequestTest, AGaugeHasItsUnitFromItsName) {
  const Metric bytes = Wire(
      {.name = "process_resident_memory_bytes", .points = {{.value = 1.5}}});
  ASSERT_TRUE(bytes.has_gauge());
  EXPECT_EQ(bytes.gauge().data_points(0).as_double(), 1.5);
  EXPECT_EQ(bytes.unit(), "By");
  EXPECT_EQ(Wire({.name = "process_cpu_seconds_total",
                  .kind = MetricFamily::Kind::kCounter})
                .unit(),
            "s");
}

TEST(MetricsRequestTest, AHistogramHasBoundsCountsAndExamples) {
  MetricPoint point{.count = 6,
                    .sum = 4.5,
                    .bounds = {0.1, 1},
                    .counts = {1, 2, 3},
                    .exemplars = {{.bucket = 2,
                                   .value = 7,
                                   .time = absl::FromUnixSeconds(150),
                                   .trace_id = {1},
                                   .span_id = {2}}}};
  const Metric metric = Wire({.name = "millrace_call_seconds",
                              .kind = MetricFamily::Kind::kHistogram,
                              .points = {point}});
  ASSERT_TRUE(metric.has_histogram());
  EXPECT_EQ(metric.unit(), "s");
  EXPECT_EQ(metric.histogram().aggregation_temporality(),
            AGGREGATION_TEMPORALITY_CUMULATIVE);
  const auto& wire = metric.histogram().data_points(0);
  EXPECT_EQ(wire.count(), 6u);
  EXPECT_EQ(wire.sum(), 4.5);
  EXPECT_THAT(wire.bucket_counts(), ElementsAre(1u, 2u, 3u));
  EXPECT_THAT(wire.explicit_bounds(), ElementsAre(0.1, 1));
  ASSERT_EQ(wire.exemplars_size(), 1);
  EXPECT_EQ(wire.exemplars(0).as_double(), 7);
  EXPECT_EQ(wire.exemplars(0).time_unix_nano(), 150 * kSecond);
  EXPECT_EQ(HexOf(wire.exemplars(0).trace_id()),
            "01000000000000000000000000000000");
  EXPECT_EQ(HexOf(wire.exemplars(0).span_id()), "0200000000000000");
}

TEST(MetricsRequestTest, PointsAreCounted) {
  EXPECT_EQ(PointsIn({{.points = {{}, {}}}, {.points = {{}}}, {}}), 3u);
}

}  // namespace
}  // namespace millrace::otlp
