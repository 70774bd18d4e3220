#include "runtime/debug_facts.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "loop/live_activities.h"
#include "loop/live_coroutines.h"
#include "loop/live_handles.h"
#include "loop/thread_probe.h"
#include "loop/worker_pool.h"
#include "runtime/json_writer.h"

namespace millrace::runtime {
namespace {

// The members of an object, without its braces.
std::string Members(const JsonWriter& json) {
  return json.text().substr(1, json.text().size() - 2);
}

// "VmRSS" and others of /proc/self/status, in bytes.
std::map<std::string, int64_t> StatusBytes() {
  std::map<std::string, int64_t> values;
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name, unit;
    int64_t value = 0;
    if (words >> name >> value >> unit && unit == "kB") {
      values[name.substr(0, name.size() - 1)] = value * 1024;
    }
  }
  return values;
}

void AddMemory(JsonWriter& json) {
  std::map<std::string, int64_t> status = StatusBytes();
  const HeapFacts heap = ReadHeap();
  json.Key("memory")
      .BeginObject()
      .Member("resident_bytes", status["VmRSS"])
      .Member("resident_most_bytes", status["VmHWM"])
      .Member("anonymous_bytes", status["RssAnon"])
      .Member("stack_bytes", status["VmStk"]);
  json.Key("heap")
      .BeginObject()
      .Member("used_bytes", heap.used_bytes)
      .Member("resident_bytes", heap.resident_bytes)
      .Member("mapped_bytes", heap.mapped_bytes)
      .EndObject()
      .EndObject();
}

// By proc(5): the ticks of the 14th and 15th field of stat.
double ThreadSeconds(const std::filesystem::path& task) {
  std::ifstream file(task / "stat");
  std::string line;
  std::getline(file, line);
  const size_t end = line.rfind(')');
  if (end == line.npos) return 0;
  std::istringstream rest(line.substr(end + 1));
  std::string word;
  for (int field = 3; field < 14; ++field) rest >> word;
  double user = 0, system = 0;
  rest >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

void AddThreads(JsonWriter& json) {
  json.Key("threads").BeginArray();
  std::error_code error;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/self/task", error)) {
    std::ifstream file(task.path() / "comm");
    std::string name;
    std::getline(file, name);
    json.BeginObject()
        .Member("id", task.path().filename().string())
        .Member("name", name)
        .Member("cpu_seconds", ThreadSeconds(task.path()))
        .EndObject();
  }
  json.EndArray();
}

}  // namespace

std::string LoopFacts(Host& host) {
  // The gauges of the last minutes are those of /metrics.
  host.UpdateLoopMetrics();
  JsonWriter json;
  json.BeginObject().Member("turns", host.loop().turns());
  json.Key("times").BeginArray();
  for (const LoopMetrics::Times& times : host.loop_metrics().times()) {
    json.BeginObject()
        .Member("what", times.what)
        .Member("count", times.count)
        .Member("p50", times.p50)
        .Member("p99", times.p99)
        .Member("max", times.max)
        .EndObject();
  }
  json.EndArray();
  if (const WorkerPool* pool = host.loop().used_workers()) {
    json.Key("workers")
        .BeginObject()
        .Member("queued", pool->queued())
        .EndObject();
  }
  json.EndObject();
  return Members(json);
}

std::string HandleFacts(Host& host) {
  JsonWriter json;
  json.BeginObject().Key("handles").BeginArray();
  for (const LiveHandle& handle : LiveHandles(host.loop())) {
    json.BeginObject()
        .Member("kind", handle.kind)
        .Member("detail", handle.detail)
        .Member("where", handle.where)
        .Member("activity", handle.activity)
        .Member("count", handle.count)
        .Member("refed", handle.refed)
        .Member("closing", handle.closing)
        .EndObject();
  }
  json.EndArray().EndObject();
  return Members(json);
}

namespace {

void AddWaits(JsonWriter& json, const std::vector<LiveWait>& waits) {
  json.BeginArray();
  for (const LiveWait& wait : waits) {
    json.BeginObject()
        .Member("kind", wait.kind)
        .Member("what", wait.what)
        .Member("seconds", absl::ToDoubleSeconds(wait.age))
        .EndObject();
  }
  json.EndArray();
}

}  // namespace

std::string ActivityFacts(Host& host) {
  JsonWriter json;
  json.BeginObject().Key("activities").BeginArray();
  for (const LiveActivity& activity : LiveActivities(host.loop())) {
    json.BeginObject()
        .Member("kind", activity.kind)
        .Member("handler", activity.handler)
        .Member("event", activity.event)
        .Member("trace_id", activity.trace_id)
        .Member("seconds", absl::ToDoubleSeconds(activity.age));
    AddWaits(json.Key("waits"), activity.waits);
    json.EndObject();
  }
  json.EndArray();
  AddWaits(json.Key("other_waits"), OtherWaits(host.loop()));
  json.EndObject();
  return Members(json);
}

std::string CoroutineFacts(Host& host) {
  constexpr size_t kMost = 1000;
  size_t count = 0;
  JsonWriter json;
  json.BeginObject().Key("coroutines").BeginArray();
  for (const LiveCoroutine& one : LiveCoroutines(host.loop(), kMost, &count)) {
    json.BeginObject()
        .Member("function", one.function)
        .Member("waits_for", one.waits_for)
        .Member("seconds", absl::ToDoubleSeconds(one.age))
        .Member("handler", one.handler)
        .Member("event", one.event)
        .Member("trace_id", one.trace_id)
        .EndObject();
  }
  json.EndArray().Member("count", count).EndObject();
  return Members(json);
}

std::string ProcessFacts(PrometheusMetrics& metrics) {
  JsonWriter json;
  json.BeginObject().Member("pid", getpid());
  for (const auto& sample : metrics.Samples("process_")) {
    if (sample.name == "process_start_time_seconds") {
      json.Member("uptime_seconds",
                  absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()) -
                      sample.value);
    } else if (sample.name == "process_cpu_seconds_total") {
      json.Member("cpu_seconds", sample.value);
    } else if (sample.name == "process_open_fds") {
      json.Member("open_descriptors", sample.value);
    }
  }
  AddMemory(json);
  AddThreads(json);
  json.EndObject();
  return Members(json);
}

std::string AllocationFacts(const std::vector<AllocationSite>& sites) {
  constexpr size_t kMostSites = 100;
  int64_t bytes = 0;
  for (const AllocationSite& site : sites) bytes += site.allocated_bytes;
  JsonWriter json;
  json.BeginObject().Member("allocated_bytes", bytes);
  json.Key("sites").BeginArray();
  for (size_t i = 0; i < std::min(sites.size(), kMostSites); ++i) {
    const AllocationSite& site = sites[i];
    json.BeginObject()
        .Member("allocated_bytes", site.allocated_bytes)
        .Member("allocations", site.allocations)
        .Member("live_bytes", site.live_bytes)
        .Member("live", site.live)
        .Key("stack")
        .BeginArray();
    for (const std::string& frame : loop_internal::Symbolize(site.stack)) {
      // The allocator's own frames say nothing.
      if (frame.find("libjemalloc") == frame.npos) json.Value(frame);
    }
    json.EndArray().EndObject();
  }
  return json.EndArray().EndObject().text();
}

std::string MetricFacts(PrometheusMetrics& metrics, const std::string& prefix) {
  JsonWriter json;
  json.BeginArray();
  for (const auto& sample : metrics.Samples(prefix)) {
    json.BeginObject().Member("name", sample.name);
    json.Key("labels").BeginObject();
    for (const auto& [name, value] : sample.labels) json.Member(name, value);
    json.EndObject();
    if (sample.histogram) {
      json.Member("count", sample.count).Member("mean", sample.value);
    } else {
      json.Member("value", sample.value);
    }
    json.EndObject();
  }
  json.EndArray();
  return json.text();
}

std::string LogFacts(const Logs& logs) {
  JsonWriter json;
  json.BeginObject().Key("levels").BeginObject();
  for (const auto& [service, level] : logs.levels()) {
    json.Member(service, NameOf(level));
  }
  json.EndObject().EndObject();
  return json.text();
}

}  // namespace millrace::runtime
