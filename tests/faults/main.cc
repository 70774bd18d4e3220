// The service of the fault tests.
//
//   fault_service run NAME=VALUE...   until SIGTERM; options.h has the names
//   fault_service dump URL TABLE      prints a table of the ledger
//
// While it runs it prints "progress COMMITTED WAITING APPLIED" now and then,
// and it logs to stderr.

#include <signal.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/signals.h"
#include "tests/faults/ledger.h"
#include "tests/faults/service.h"

namespace millrace::faults {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(200);

class StderrLogger final : public Logger {
 public:
  bool Enabled(Severity severity) const override {
    return severity >= Severity::kInfo;
  }
  void Write(Severity severity, std::string_view message,
             absl::Span<const LogField> fields) override {
    std::string line =
        absl::FormatTime("%H:%M:%E3S ", absl::Now(), absl::UTCTimeZone());
    StrAppend(&line, "DIWE"[static_cast<int>(severity)], " ", message);
    for (const LogField& field : fields) {
      StrAppend(&line, " ", field.key, "=");
      std::visit([&line](const auto& value) { StrAppend(&line, value); },
                 field.value);
    }
    StrAppend(&line, "\n");
    std::fputs(line.c_str(), stderr);
  }
};

Promise<void> Report(Service& service, AbortSignal signal) {
  while (!signal.aborted()) {
    const auto progress = co_await AsStatusOr(Service::Look(service));
    if (progress.ok()) {
      std::printf("progress %lld %lld %lld\n",
                  static_cast<long long>(progress->committed),
                  static_cast<long long>(progress->waiting),
                  static_cast<long long>(progress->applied));
      std::fflush(stdout);
    }
    (void)co_await AsStatusOr(Delay(kLook, signal));
  }
}

Promise<void> RunUntil(Service& service, Promise<void> end) {
  AbortController stop;
  co_await Service::Start(service);
  std::printf("ready\n");
  std::fflush(stdout);
  Promise<void> reporting = Report(service, stop.signal());
  co_await std::move(end);
  stop.Abort();
  co_await std::move(reporting);
  co_await Service::Stop(service);
}

int Run(const Options& options) {
  StderrLogger logger;
  EventLoop loop;
  int code = 0;
  {
    Service service(loop, options, logger);
    Deferred<void> end;
    std::optional<SignalWatcher> watcher(std::in_place, loop, SIGTERM,
                                         [&end] { end.Resolve(); });
    Promise<absl::Status> running =
        AsStatusOr(RunUntil(service, end.promise()));
    (void)running.Then([&](const absl::Status& status) {
      if (!status.ok()) {
        logger.Error("ends", {{"error", status.ToString()}});
        code = 1;
      }
      watcher.reset();
      loop.Stop();
    });
    loop.AddRef();
    loop.Run();
    loop.ReleaseRef();
  }
  return code;
}

Promise<void> DumpTable(EventLoop& loop, std::string url, std::string table) {
  NullLogger logger;
  NullMetrics metrics;
  store::DatabaseOptions options;
  options.url = std::move(url);
  const auto database =
      ValueOrThrow(store::Database::Open(loop, options, logger, metrics));
  const auto dump = [table](store::Tx& tx) { return Dump(tx, table); };
  Promise<std::vector<std::string>> dumping = database->Read(dump);
  for (const std::string& line : co_await std::move(dumping)) {
    std::puts(line.c_str());
  }
  co_await database->Close();
}

int DumpIt(const std::string& url, const std::string& table) {
  EventLoop loop;
  const Promise<absl::Status> done = AsStatusOr(DumpTable(loop, url, table));
  loop.Run();
  if (done.settled() && done.value().ok()) return 0;
  std::fprintf(stderr, "fault_service: cannot read %s of %s: %s\n",
               table.c_str(), url.c_str(),
               done.settled() ? done.value().ToString().c_str() : "stuck");
  return 1;
}

}  // namespace
}  // namespace millrace::faults

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 3 && words[0] == "dump") {
    return millrace::faults::DumpIt(words[1], words[2]);
  }
  if (words.empty() || words[0] != "run") {
    std::fputs("usage: fault_service run NAME=VALUE... | dump URL TABLE\n",
               stderr);
    return 64;
  }
  const auto options =
      millrace::faults::ParseOptions({words.begin() + 1, words.end()});
  if (!options.ok()) {
    std::fprintf(stderr, "%s\n", options.status().ToString().c_str());
    return 64;
  }
  return millrace::faults::Run(*options);
}
