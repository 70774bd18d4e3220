#include "runtime/debug_server.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/strings.h"
#include "http/server.h"
#include "http/status_mapping.h"
#include "http/url.h"
#include "loop/combinators.h"
#include "loop/loop_group.h"
#include "runtime/config_env.h"
#include "runtime/debug_facts.h"
#include "runtime/debug_page.h"
#include "runtime/heap.h"
#include "runtime/json_writer.h"
#include "runtime/temporary_file.h"

namespace millrace::runtime {
namespace {

using http::Request;
using http::Response;

// How long a loop may take to tell of itself.
constexpr absl::Duration kPatience = absl::Seconds(1);
constexpr int kLongestCapture = 60;  // seconds
constexpr int64_t kLargestCapture = 64 << 20;
// An allocation in about so many bytes is looked at: a tenth of a second of a
// busy loop has thousands.
constexpr int64_t kSampleBytes = 32 << 10;
constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warning",
                                                     "error"};

Response Fresh(Response response) {
  response.headers.Set("cache-control", "no-store");
  return response;
}

Promise<Response> Answer(Response response) {
  return Promise<Response>::Resolve(Fresh(std::move(response)));
}

// "127.0.0.1" of "127.0.0.1:6060".
std::string_view HostOf(std::string_view authority) {
  return authority.substr(0, authority.rfind(':'));
}

// A browser tells where a page comes from that makes it ask; a name that
// resolves to this machine is no reason to be trusted.
absl::Status Refusal(const Request& request) {
  const std::string_view host = HostOf(request.headers.Get("host"));
  if (host != "127.0.0.1" && host != "localhost") {
    return absl::PermissionDeniedError(
        "the debug page is for this machine: ask for it at 127.0.0.1 or "
        "localhost");
  }
  const std::string_view site = request.headers.Get("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") {
    return absl::PermissionDeniedError("pages of other sites may not ask");
  }
  if (request.method == "POST" &&
      !request.headers.Get("content-type").starts_with("application/json")) {
    return absl::InvalidArgumentError(
        "the body must be JSON; say 'content-type: application/json'");
  }
  return absl::OkStatus();
}

http::Handler Guarded(http::Handler next) {
  return [next = std::move(next)](Request request) {
    const absl::Status refusal = Refusal(request);
    if (!refusal.ok()) return Answer(http::ErrorResponse(refusal));
    return next(std::move(request));
  };
}

absl::StatusOr<int> SecondsOf(const Request& request) {
  const auto query = http::ParseQuery(request.query);
  if (!query.ok()) return query.status();
  int seconds = 5;
  for (const auto& [name, value] : *query) {
    if (name != "seconds" || !absl::SimpleAtoi(value, &seconds) ||
        seconds < 1 || seconds > kLongestCapture) {
      return absl::InvalidArgumentError(StrCat(
          "say for how many seconds, 1 to ", kLongestCapture, ": ?seconds=5"));
    }
  }
  return seconds;
}

}  // namespace

// On the server's thread.
class DebugServer::Page {
 public:
  Page(EventLoop& loop, const DebugSources& sources)
      : loop_(loop), sources_(sources) {
    loop.OnUncaught([this](std::exception_ptr error) { Tell(error); });
    loop.OnUnhandledRejection(
        [this](std::exception_ptr error) { Tell(error); });
    AddRoutes();
  }

  // Ends what somebody waits for, who is not answered any more.
  ~Page() {
    if (capture_file_) {
      for (const Host::OnLoop& on : sources_.loops) {
        on.loop.Post([host = on.host] { host->StopRecording(); });
      }
    }
    if (sampling_) (void)FinishAllocationProfile();
  }

  absl::Status Listen(int port) {
    http::ServerOptions options;
    options.port = port;
    options.max_connections = 50;
    options.port_flag = "--debug-port";
    auto server = http::Server::Start(loop_, std::move(options), router_,
                                      sources_.logger, no_metrics_);
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
    return absl::OkStatus();
  }
  int port() const { return server_->port(); }

 private:
  using Facts = std::string (*)(Host&);

  void AddRoutes() {
    router_.Use(&Guarded);
    router_.Get("/", [](Request) {
      Response page = Response::Html(200, kDebugPage);
      page.headers.Set("content-security-policy",
                       "default-src 'none'; style-src 'unsafe-inline'; "
                       "script-src 'unsafe-inline'; connect-src 'self'");
      return Answer(std::move(page));
    });
    router_.Get("/debug/process.json", [this](Request) { return Process(); });
    AddLoops("/debug/loops.json", &LoopFacts);
    AddLoops("/debug/handles.json", &HandleFacts);
    AddLoops("/debug/activities.json", &ActivityFacts);
    AddLoops("/debug/coroutines.json", &CoroutineFacts);
    AddMetrics("/debug/calls.json", "millrace_call");
    AddMetrics("/debug/bus.json", "millrace_bus_");
    AddMetrics("/debug/databases.json", "millrace_store_");
    router_.Get("/debug/overruns.json", [this](Request) {
      return Answer(Response::Json(200, sources_.overruns.ToJson()));
    });
    router_.Get("/debug/logs.json", [this](Request) {
      return Answer(Response::Json(200, LogFacts(sources_.logs)));
    });
    router_.Post("/debug/logs.json", [this](Request request) {
      const absl::Status status = SetLevel(request.body);
      return Answer(status.ok() ? Response::Json(200, LogFacts(sources_.logs))
                                : http::ErrorResponse(status));
    });
    router_.Get("/debug/timeline.json", [this](Request request) {
      return Capture(std::move(request));
    });
    router_.Get("/debug/allocations.json", [this](Request request) {
      return Allocations(std::move(request));
    });
  }

  void AddLoops(std::string_view path, Facts facts) {
    router_.Get(path, [this, facts](Request) { return OfLoops(facts); });
  }
  void AddMetrics(std::string_view path, std::string prefix) {
    router_.Get(path, [this, prefix = std::move(prefix)](Request) {
      return Answer(Response::Json(200, MetricFacts(sources_.metrics, prefix)));
    });
  }

  // What a loop says of itself, as an object; or why it does not.
  static Promise<std::string> OfLoop(const Host::OnLoop& on, Facts facts) {
    Promise<std::string> asked =
        CallOn(on.loop, [host = on.host, facts] { return facts(*host); });
    const absl::StatusOr<std::string> told =
        co_await AsStatusOr(WithTimeout(std::move(asked), kPatience));
    std::string members =
        told.ok()
            ? *told
            : StrCat("\"error\":", JsonText(StrCat("the loop does not answer: ",
                                                   MessageOf(told.status()))));
    co_return StrCat("{\"name\":", JsonText(on.name), ",", members, "}");
  }

  Promise<Response> OfLoops(Facts facts) {
    std::vector<Promise<std::string>> all;
    for (const Host::OnLoop& on : sources_.loops) {
      all.push_back(OfLoop(on, facts));
    }
    const std::vector<std::string> loops = co_await All(std::move(all));
    co_return Fresh(
        Response::Json(200, StrCat("[", absl::StrJoin(loops, ","), "]")));
  }

  Promise<Response> Process() {
    const std::string first =
        co_await OfLoop(sources_.loops.front(), [](Host& host) {
          return StrCat("\"readiness\":", host.readiness().ToJson());
        });
    co_return Fresh(
        Response::Json(200, StrCat("{", ProcessFacts(sources_.metrics),
                                   ",\"first_loop\":", first, "}")));
  }

  absl::Status SetLevel(const std::string& body) {
    google::protobuf::Struct wanted;
    if (!google::protobuf::util::JsonStringToMessage(body, &wanted).ok()) {
      return absl::InvalidArgumentError("the body is no JSON object");
    }
    std::string level, service;
    for (const auto& [name, value] : wanted.fields()) {
      if (name != "level" && name != "service") {
        return absl::InvalidArgumentError(
            StrCat("unknown member '", name, "'; known: level, service"));
      }
      (name == "level" ? level : service) = value.string_value();
    }
    if (std::find(kLevels.begin(), kLevels.end(), level) == kLevels.end()) {
      return absl::InvalidArgumentError(
          StrCat("'level' must be one of debug, info, warning, error, not '",
                 level, "'"));
    }
    if (!service.empty() && !sources_.logs.levels().contains(service)) {
      return absl::NotFoundError(
          StrCat("no service here logs under the name '", service, "'"));
    }
    if (service.empty()) {
      sources_.logs.SetLevel(SeverityOf(level));
    } else {
      sources_.logs.SetLevel(service, SeverityOf(level));
    }
    sources_.logger.Info("a log level is set by hand",
                         {{"of", service.empty() ? "all" : service.c_str()},
                          {"level", std::string_view(level)}});
    return absl::OkStatus();
  }

  Promise<Response> Capture(Request request) {
    const int seconds = ValueOrThrow(SecondsOf(request));
    if (capture_file_) {
      Throw(absl::FailedPreconditionError(
          "a timeline is being captured; wait until that is there"));
    }
    capture_file_.emplace(ValueOrThrow(TemporaryFile::Create("timeline")));
    const absl::StatusOr<std::string> text =
        co_await AsStatusOr(CaptureFor(seconds, request.signal));
    capture_file_.reset();
    Response response = Response::Json(200, ValueOrThrow(text));
    response.headers.Set("content-disposition",
                         "attachment; filename=\"millrace-timeline.json\"");
    co_return Fresh(std::move(response));
  }

  Promise<std::string> CaptureFor(int seconds, AbortSignal signal) {
    const std::string path = capture_file_->path();
    std::shared_ptr<Timeline> timeline =
        ValueOrThrow(Timeline::Open(path, {.max_bytes = kLargestCapture}));
    absl::Status status = co_await AsStatusOr(OnEach([&timeline](Host* host) {
      return [host, timeline] { ThrowIfError(host->StartRecording(timeline)); };
    }));
    // Until then, or until whoever asked is gone.
    if (status.ok()) {
      (void)co_await AsStatusOr(Delay(absl::Seconds(seconds), signal));
    }
    // A loop that is stuck comes to both, one behind the other.
    (void)co_await AsStatusOr(
        OnEach([](Host* host) { return [host] { host->StopRecording(); }; }));
    timeline.reset();
    std::string text, error;
    ThrowIfError(status);
    if (!ReadFile(path, &text, &error)) {
      Throw(absl::UnavailableError(StrCat(path, ": ", error)));
    }
    co_return text;
  }

  Promise<Response> Allocations(Request request) {
    const int seconds = ValueOrThrow(SecondsOf(request));
    ThrowIfError(StartAllocationProfile(kSampleBytes));
    sampling_ = true;
    (void)co_await AsStatusOr(Delay(absl::Seconds(seconds), request.signal));
    sampling_ = false;
    const auto sites = ValueOrThrow(FinishAllocationProfile());
    co_return Fresh(Response::Json(200, AllocationFacts(sites)));
  }

  // Runs on each loop what `make` makes for its host.
  template <typename Make>
  Promise<void> OnEach(Make make) {
    std::vector<Promise<void>> done;
    for (const Host::OnLoop& on : sources_.loops) {
      done.push_back(CallOn(on.loop, make(on.host)));
    }
    return WithTimeout(All(std::move(done)), kPatience);
  }

  void Tell(std::exception_ptr error) {
    sources_.logger.Error("the debug page has failed",
                          {{"error", MessageOf(StatusFrom(std::move(error)))}});
  }

  EventLoop& loop_;
  const DebugSources sources_;
  NullMetrics no_metrics_;
  http::Router router_;
  std::unique_ptr<http::Server> server_;
  std::optional<TemporaryFile> capture_file_;  // while a timeline is captured
  bool sampling_ = false;                      // allocations
};

struct DebugServer::Impl {
  explicit Impl(EventLoop& first)
      : group(first, {.loops = 2, .name = "debug"}) {}

  LoopGroup group;
  int port = 0;
};

absl::StatusOr<std::unique_ptr<DebugServer>> DebugServer::Start(
    EventLoop& first, int port, const DebugSources& sources) {
  auto impl = std::make_unique<Impl>(first);
  const absl::Status status = impl->group.Start(
      [&](EventLoop& loop, int index) -> absl::StatusOr<std::shared_ptr<void>> {
        if (index == 0) return nullptr;
        auto page = std::make_shared<Page>(loop, sources);
        if (absl::Status listens = page->Listen(port); !listens.ok()) {
          return listens;
        }
        impl->port = page->port();
        return std::shared_ptr<void>(std::move(page));
      });
  if (!status.ok()) return status;
  return std::unique_ptr<DebugServer>(new DebugServer(std::move(impl)));
}

DebugServer::DebugServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

DebugServer::~DebugServer() = default;

int DebugServer::port() const { return impl_->port; }

}  // namespace millrace::runtime
