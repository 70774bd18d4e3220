#include "runtime/process_stats.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace millrace::runtime {
namespace {

// The fields of /proc/self/stat from the third on: the second, the program's
// name, may hold spaces.
std::vector<std::string> StatFields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const size_t end = line.rfind(')');
  if (end == line.npos) return {};
  std::istringstream rest(line.substr(end + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

double BootTime() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

ProcessStats::ProcessStats(Metrics& metrics)
    : memory_(metrics.AddGauge("process_resident_memory_bytes",
                               "Memory of the process that is in RAM.")),
      descriptors_(metrics.AddGauge("process_open_fds",
                                    "File descriptors that are open.")),
      threads_(metrics.AddGauge("process_threads", "Threads that run.")),
      start_(metrics.AddGauge("process_start_time_seconds",
                              "When the process began, since 1970.")),
      cpu_(metrics.AddCounter("process_cpu_seconds_total",
                              "Time that processors spent on the process.")) {
  // Numbers 20 and 22 of proc(5), which counts from 1.
  const std::vector<std::string> fields = StatFields();
  if (fields.size() > 19) {
    start_.Set(BootTime() + std::stod(fields[19]) /
                                static_cast<double>(sysconf(_SC_CLK_TCK)));
  }
}

void ProcessStats::Update() {
  const std::vector<std::string> fields = StatFields();
  if (fields.size() > 21) {
    threads_.Set(std::stod(fields[17]));
    memory_.Set(std::stod(fields[21]) *
                static_cast<double>(sysconf(_SC_PAGESIZE)));
  }
  std::error_code error;
  const std::filesystem::directory_iterator entries("/proc/self/fd", error);
  if (!error) {
    descriptors_.Set(
        static_cast<double>(std::distance(begin(entries), end(entries))));
  }
  const double seconds = CpuSeconds();
  cpu_.Add(std::max(0.0, seconds - cpu_seconds_));
  cpu_seconds_ = std::max(cpu_seconds_, seconds);
}

}  // namespace millrace::runtime
