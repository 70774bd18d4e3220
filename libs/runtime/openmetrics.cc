#include "runtime/openmetrics.h"

#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/strings.h"

namespace millrace::runtime {
namespace {

constexpr std::string_view kTotal = "_total";

// A number as the specification wants bounds to be written, so that two
// processes never write one differently: "0.005", "1.0", "1e+06".
std::string NumberText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  const double size = std::abs(value);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e6);
  char text[64];
  const auto end = std::to_chars(
      text, text + sizeof(text), value,
      plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string out(text, end.ptr);
  if (plain && out.find('.') == out.npos) out += ".0";
  return out;
}

// Of a label's value or a help text.
std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

class Writer {
 public:
  void Add(const MetricFamily& family) {
    // The type and the help of a counter are said of its name without _total.
    std::string_view name = family.name;
    const bool counter = family.kind == MetricFamily::Kind::kCounter;
    if (counter && name.ends_with(kTotal)) name.remove_suffix(kTotal.size());
    StrAppend(&text_, "# HELP ", name, " ", Escaped(family.help), "\n# TYPE ",
              name, " ", TypeOf(family.kind), "\n");
    for (const MetricPoint& point : family.points) {
      if (family.kind == MetricFamily::Kind::kHistogram) {
        AddHistogram(name, point);
      } else {
        Sample(name, counter ? kTotal : "", point, "", NumberText(point.value));
      }
    }
  }

  std::string Take() && { return std::move(text_) + "# EOF\n"; }

 private:
  static std::string_view TypeOf(MetricFamily::Kind kind) {
    if (kind == MetricFamily::Kind::kCounter) return "counter";
    return kind == MetricFamily::Kind::kHistogram ? "histogram" : "gauge";
  }

  void AddHistogram(std::string_view name, const MetricPoint& point) {
    uint64_t below = 0;
    for (size_t i = 0; i < point.counts.size(); ++i) {
      below += point.counts[i];
      const std::string bound =
          i < point.bounds.size() ? NumberText(point.bounds[i]) : "+Inf";
      Sample(name, "_bucket", point, bound, StrCat(below, ExampleOf(point, i)));
    }
    Sample(name, "_count", point, "", StrCat(point.count));
    Sample(name, "_sum", point, "", NumberText(point.sum));
  }

  static std::string ExampleOf(const MetricPoint& point, size_t bucket) {
    for (const Exemplar& example : point.exemplars) {
      if (example.bucket != bucket) continue;
      TraceContext trace;
      trace.trace_id = example.trace_id;
      trace.span_id = example.span_id;
      const double seconds =
          static_cast<double>(absl::ToUnixMillis(example.time)) / 1e3;
      char time[32];
      const auto end = std::to_chars(time, time + sizeof(time), seconds,
                                     std::chars_format::fixed, 3);
      return StrCat(" # {trace_id=\"", trace.trace_id_hex(), "\",span_id=\"",
                    trace.span_id_hex(), "\"} ", NumberText(example.value), " ",
                    std::string_view(time, end.ptr - time));
    }
    return {};
  }

  void Sample(std::string_view name, std::string_view suffix,
              const MetricPoint& point, std::string_view bound,
              std::string_view value) {
    StrAppend(&text_, name, suffix);
    char before = '{';
    for (const auto& [label, text] : point.labels) {
      StrAppend(&text_, before, label, "=\"", Escaped(text), "\"");
      before = ',';
    }
    if (!bound.empty()) {
      StrAppend(&text_, before, "le=\"", bound, "\"");
      before = ',';
    }
    StrAppend(&text_, before == ',' ? "} " : " ", value, "\n");
  }

  std::string text_;
};

}  // namespace

bool TakesOpenMetrics(std::string_view accept) {
  for (const absl::string_view range : absl::StrSplit(ToAbsl(accept), ',')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(range, ';');
    if (!absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(parts[0]),
                                "application/openmetrics-text")) {
      continue;
    }
    double quality = 1;
    for (absl::string_view part : parts) {
      part = absl::StripAsciiWhitespace(part);
      if (absl::ConsumePrefix(&part, "q=") &&
          !absl::SimpleAtod(part, &quality)) {
        quality = 0;
      }
    }
    if (quality > 0) return true;
  }
  return false;
}

std::string OpenMetricsText(const std::vector<MetricFamily>& families) {
  Writer writer;
  for (const MetricFamily& family : families) writer.Add(family);
  return std::move(writer).Take();
}

}  // namespace millrace::runtime
