#include "otlp/metrics_request.h"

#include <google/protobuf/arena.h>

#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h"
#include "otlp/attributes.h"
#include "otlp/readable.h"

namespace millrace::otlp {
namespace {

using wire::metrics::v1::AGGREGATION_TEMPORALITY_CUMULATIVE;

// By the unit in its name, as Prometheus has it: the unit of UCUM.
std::string UnitOf(std::string_view name) {
  if (name.ends_with("_total")) name.remove_suffix(6);
  if (name.ends_with("_seconds")) return "s";
  if (name.ends_with("_bytes")) return "By";
  return "";
}

// What the points of all kinds have.
template <typename Point>
void FillPoint(const MetricPoint& point, const Period& period, Point* to) {
  to->set_start_time_unix_nano(absl::ToUnixNanos(period.start));
  to->set_time_unix_nano(absl::ToUnixNanos(period.end));
  for (const auto& [label, value] : point.labels) {
    Add(label, value, to->mutable_attributes());
  }
}

void FillHistogram(const MetricPoint& point,
                   wire::metrics::v1::HistogramDataPoint* to) {
  to->set_count(point.count);
  to->set_sum(point.sum);
  to->mutable_bucket_counts()->Add(point.counts.begin(), point.counts.end());
  to->mutable_explicit_bounds()->Add(point.bounds.begin(), point.bounds.end());
  for (const Exemplar& example : point.exemplars) {
    wire::metrics::v1::Exemplar& out = *to->add_exemplars();
    out.set_time_unix_nano(absl::ToUnixNanos(example.time));
    out.set_as_double(example.value);
    out.set_trace_id(example.trace_id.data(), example.trace_id.size());
    out.set_span_id(example.span_id.data(), example.span_id.size());
  }
}

}  // namespace

void Fill(const MetricFamily& family, const Period& period,
          wire::metrics::v1::Metric* to) {
  to->set_name(family.name);
  to->set_description(Readable(family.help));
  to->set_unit(UnitOf(family.name));
  for (const MetricPoint& point : family.points) {
    switch (family.kind) {
      case MetricFamily::Kind::kCounter: {
        to->mutable_sum()->set_is_monotonic(true);
        to->mutable_sum()->set_aggregation_temporality(
            AGGREGATION_TEMPORALITY_CUMULATIVE);
        auto& out = *to->mutable_sum()->add_data_points();
        FillPoint(point, period, &out);
        out.set_as_double(point.value);
        break;
      }
      case MetricFamily::Kind::kGauge: {
        auto& out = *to->mutable_gauge()->add_data_points();
        FillPoint(point, period, &out);
        out.set_as_double(point.value);
        break;
      }
      case MetricFamily::Kind::kHistogram: {
        to->mutable_histogram()->set_aggregation_temporality(
            AGGREGATION_TEMPORALITY_CUMULATIVE);
        auto& out = *to->mutable_histogram()->add_data_points();
        FillPoint(point, period, &out);
        FillHistogram(point, &out);
        break;
      }
    }
  }
}

std::string MetricsRequest(const Resource& resource, const Period& period,
                           const std::vector<MetricFamily>& families) {
  google::protobuf::Arena arena;
  auto* request = google::protobuf::Arena::CreateMessage<
      wire::collector::metrics::v1::ExportMetricsServiceRequest>(&arena);
  wire::metrics::v1::ResourceMetrics& all = *request->add_resource_metrics();
  Fill(resource, all.mutable_resource());
  wire::metrics::v1::ScopeMetrics& scope = *all.add_scope_metrics();
  FillScope(scope.mutable_scope());
  for (const MetricFamily& family : families) {
    Fill(family, period, scope.add_metrics());
  }
  return request->SerializeAsString();
}

size_t PointsIn(const std::vector<MetricFamily>& families) {
  size_t points = 0;
  for (const MetricFamily& family : families) points += family.points.size();
  return points;
}

}  // namespace millrace::otlp
