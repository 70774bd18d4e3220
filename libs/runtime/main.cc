#include "runtime/main.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <source_location>

#include "absl/strings/str_replace.h"
#include "base/standard_streams.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/crash_report.h"
#include "loop/event_loop.h"
#include "loop/live_coroutines.h"
#include "loop/loop_ref.h"
#include "loop/signals.h"
#include "runtime/config.h"
#include "runtime/config_print.h"
#include "runtime/debug_server.h"
#include "runtime/flags.h"
#include "runtime/host.h"
#include "runtime/live_handle_log.h"
#include "runtime/logs.h"
#include "runtime/prometheus.h"
#include "runtime/recent_overruns.h"
#include "runtime/reload.h"
#include "runtime/second_signal.h"

namespace millrace::runtime {
namespace {

// What went wrong, as a person reads it: a problem per line.
void Complain(const char* program, std::string_view problems) {
  while (!problems.empty()) {
    const size_t end = problems.find('\n');
    const std::string line(problems.substr(0, end));
    std::fprintf(stderr, "%s: %s\n", program, line.c_str());
    problems =
        end == problems.npos ? std::string_view() : problems.substr(end + 1);
  }
}

// For what the program prints before it ends: its exit code.
int Print(const char* program, const std::string& text) {
  std::fputs(text.c_str(), stdout);
  const absl::Status written = FlushOutput();
  if (written.ok()) return 0;
  Complain(program, MessageOf(written));
  return 1;
}

// Whether the process has a terminal that can hang up.
bool HasTerminal() {
  const int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

// The program from its configuration to its exit code.
class Process {
 public:
  Process(const char* program, Config config, Reloader::Load load,
          std::vector<ModuleFactory> modules, MainOptions options)
      : program_(program),
        options_(std::move(options)),
        wanted_debug_port_(config.debug().port()),
        logs_({SeverityOf(config.log().level()), config.environment()}),
        logger_(logs_.ForService("millrace")),
        reloader_(config, std::move(load), logger_, metrics_) {
    host_options_ = {
        .config = std::move(config),
        .modules = std::move(modules),
        .logger = [this](const std::string& service) -> Logger& {
          return logs_.ForService(service);
        },
        .on_loop = [this](EventLoop& loop) { Watch(loop); },
        .on_overrun =
            [this](const Overrun& overrun) { overruns_.Add(overrun); }};
    Watch(loop_);
  }

  int Run() {
    auto host = Host::Create(loop_, metrics_, std::move(host_options_));
    if (!host.ok()) {
      Complain(program_, MessageOf(host.status()));
      return 1;
    }
    host_ = *std::move(host);
    AddAppliers();
    if (absl::Status status = reloader_.CheckComplete(); !status.ok()) {
      Complain(program_, MessageOf(status));
      return 1;
    }
    // Here, not in make_unique().
    const auto where = std::source_location::current();
    for (const int signum : {SIGTERM, SIGINT}) {
      signals_.emplace_back(std::make_unique<SignalWatcher>(
          loop_, signum, [this, signum] { OnSignal(signum); }, where));
    }
    EndAtSecondSignal();
    signals_.emplace_back(std::make_unique<SignalWatcher>(
        loop_, SIGHUP, [this] { OnHangUp(); }, where));
    loop_.AddRef("process");
    const Promise<void> whole = Serve();
    loop_.Run();
    debug_.reset();
    host_.reset();
    LogLiveHandles(loop_, logger_);
    return exit_code_;
  }

 private:
  // On the thread of `loop`, which may be any of the process.
  void Watch(EventLoop& loop) {
    [[maybe_unused]] static thread_local const CrashStack crash_stack;
    loop.OnUncaught([this, first = LoopRef(loop_)](std::exception_ptr error) {
      if (first.current()) {
        return Crash("an error escaped a callback", std::move(error));
      }
      first.Post([this, error = std::move(error)] {
        Crash("an error escaped a callback of another loop", error);
      });
    });
    loop.OnUnhandledRejection([this](std::exception_ptr error) {
      logger_.Error("nobody waits for a promise that failed",
                    {{"error", MessageOf(StatusFrom(error))}});
    });
    loop.OnWarning([this](const Warning& warning) {
      logger_.Warning(warning.message,
                      {{"warning", std::string_view(warning.name)}});
    });
  }

  // Never rejects.
  Promise<void> Serve() {
    if (wanted_debug_port_ >= 0) ListCoroutines(loop_, true);
    const Promise<void> started = host_->Start();
    const Promise<absl::Status> whole =
        AsStatusOr(WithSignal(started, stop_.signal()));
    absl::Status status = SetDebugPort(wanted_debug_port_);
    if (status.ok()) status = co_await whole;
    if (status.ok()) {
      SayReady();
      co_await AsStatusOr(Aborted(stop_.signal()));
    } else if (!stop_.signal().aborted()) {
      exit_code_ = 1;
      Complain(program_, MessageOf(status));
      logger_.Error("cannot start", {{"error", MessageOf(status)}});
    }
    const absl::Status drained = co_await host_->Drain();
    if (!drained.ok()) {
      // What was cut off may still run, and refer to what would be destroyed.
      Complain(program_, MessageOf(drained));
      LogLiveHandles(loop_, logger_);
      logs_.Close();
      _exit(1);
    }
    loop_.ReleaseRef("process");
    loop_.Stop();
  }

  void SayReady() {
    const std::string http = host_->http_address();
    const std::string grpc = host_->grpc_address();
    std::printf("ready http=%s grpc=%s\n", http.c_str(), grpc.c_str());
    const std::string hint = absl::StrReplaceAll(
        options_.hint,
        {{"{http}", Reachable(http)}, {"{grpc}", Reachable(grpc)}});
    if (!hint.empty()) std::printf("%s\n", hint.c_str());
    std::fflush(stdout);
    logger_.Info("ready", {{"http", http}, {"grpc", grpc}});
  }

  // Where one that listens everywhere is found on this machine.
  static std::string Reachable(const std::string& address) {
    return absl::StrReplaceAll(
        address, {{"0.0.0.0:", "127.0.0.1:"}, {"[::]:", "[::1]:"}});
  }

  // Who puts a reloaded configuration in place.
  void AddAppliers() {
    reloader_.Add({"log.level"}, [this](const Config& next) {
      logs_.SetLevel(SeverityOf(next.log().level()));
    });
    reloader_.Add(Host::ReloadableSettings(),
                  [this](const Config& next) { host_->Apply(next); });
    reloader_.Add({{"debug.port"}, [this](const Config& next) {
                     return PrepareDebug(next.debug().port());
                   }});
  }

  // A debug page on another port, or none, when that is committed.
  absl::StatusOr<Reloader::Commit> PrepareDebug(int port) {
    if (port == debug_port_) return Reloader::Commit([] {});
    std::unique_ptr<DebugServer> server;
    if (port >= 0) {
      auto started = DebugServer::Start(
          loop_, port, {host_->OnLoops(), metrics_, logs_, logger_, overruns_});
      if (!started.ok()) return started.status();
      server = *std::move(started);
    }
    return Reloader::Commit([this, port, server = std::move(server)]() mutable {
      debug_port_ = port;
      debug_ = std::move(server);
      for (const Host::OnLoop& on : host_->OnLoops()) {
        on.loop.Post([host = on.host, open = debug_ != nullptr] {
          ListCoroutines(host->loop(), open);
        });
      }
      const std::string url =
          debug_ == nullptr ? ""
                            : StrCat("http://127.0.0.1:", debug_->port(), "/");
      logger_.Info(debug_ == nullptr ? "the debug page is closed"
                                     : "the debug page is open",
                   {{"url", std::string_view(url)}});
    });
  }

  absl::Status SetDebugPort(int port) {
    absl::StatusOr<Reloader::Commit> commit = PrepareDebug(port);
    if (commit.ok()) (*commit)();
    return commit.status();
  }

  // SIGHUP: of who wants the configuration reloaded, or of a terminal that is
  // closed.
  void OnHangUp() {
    if (stop_.signal().aborted()) return;
    if (had_terminal_ && !HasTerminal()) return OnSignal(SIGHUP);
    (void)reloader_.Reload();  // which has logged what came of it
  }

  void OnSignal(int signum) {
    if (stop_.signal().aborted()) return;
    logger_.Info("a signal ends the process", {{"signal", signum}});
    stop_.Abort(absl::CancelledError("a signal"));
  }

  void Crash(std::string_view what, std::exception_ptr error) {
    const absl::Status status = StatusFrom(error);
    logger_.Error(what, {{"error", MessageOf(status)}});
    exit_code_ = 1;
    stop_.Abort(status);
  }

  const char* const program_;
  const MainOptions options_;
  const int wanted_debug_port_;  // at the start
  Logs logs_;
  Logger& logger_;
  PrometheusMetrics metrics_;
  EventLoop loop_;
  RecentOverruns overruns_;
  HostOptions host_options_;
  std::unique_ptr<Host> host_;
  Reloader reloader_;
  int debug_port_ = -1;  // as configured
  std::unique_ptr<DebugServer> debug_;
  const bool had_terminal_ = HasTerminal();
  std::vector<std::unique_ptr<SignalWatcher>> signals_;
  AbortController stop_;
  int exit_code_ = 0;
};

}  // namespace

absl::StatusOr<LoadedConfig> ConfigFor(
    const CommandLine& line, const std::vector<ModuleFactory>& modules) {
  ConfigSources sources{.file = line.config_file,
                        .environment = ProcessEnvironment(),
                        .overrides = line.overrides};
  for (const ModuleFactory& factory : modules) {
    sources.services.emplace_back(factory()->name());
  }
  return LoadConfigWithPlaces(sources);
}

int Main(int argc, char** argv, std::vector<ModuleFactory> modules,
         MainOptions options) {
  OpenStandardStreams();
  const char* program = argc > 0 ? argv[0] : "millrace";
  const auto line = ParseCommandLine(argc, argv);
  if (!line.ok()) {
    Complain(program, MessageOf(line.status()));
    return 1;
  }
  if (!line->help.empty()) return Print(program, line->help);
  auto config = ConfigFor(*line, modules);
  if (!config.ok()) {
    Complain(program, MessageOf(config.status()));
    return 1;
  }
  if (line->print_config) return Print(program, PrintConfig(*config));
  if (line->check_config) {
    return Print(program, "the configuration is valid\n");
  }
  // A client that leaves is an error of its socket, not a signal.
  std::signal(SIGPIPE, SIG_IGN);
  InstallCrashReport();
  const auto load = [&line, modules] { return ConfigFor(*line, modules); };
  return Process(program, std::move(config->config), load, std::move(modules),
                 std::move(options))
      .Run();
}

}  // namespace millrace::runtime
