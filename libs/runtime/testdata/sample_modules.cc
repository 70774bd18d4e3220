#include "runtime/testdata/sample_modules.h"

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "bus/inbox.h"
#include "bus/outbox.h"
#include "events/event_emitter.h"
#include "libs/runtime/testdata/settings.pb.h"
#include "loop/combinators.h"
#include "loop/worker_pool.h"
#include "sample/v1/sample.millrace.h"
#include "store/database.h"

namespace millrace::runtime {
namespace {

using sample::v1::ChoirService;
using sample::v1::GreeterEvents;
using sample::v1::GreeterService;
using sample::v1::Greeting;
using sample::v1::GreetRequest;

void Note(SampleJournal* journal, std::string entry) {
  if (journal == nullptr) return;
  const std::lock_guard lock(journal->mutex);
  journal->entries.push_back(std::move(entry));
}

void NoteGreeting(SampleJournal* journal) {
  if (journal == nullptr) return;
  const std::lock_guard lock(journal->mutex);
  ++journal->greetings;
  journal->greeters.insert(std::this_thread::get_id());
}

void NoteHearing(SampleJournal* journal) {
  if (journal == nullptr) return;
  const std::lock_guard lock(journal->mutex);
  journal->hearers.insert(std::this_thread::get_id());
}

void NoteContext(SampleJournal* journal, const ModuleContext& context) {
  if (journal == nullptr) return;
  const std::lock_guard lock(journal->mutex);
  journal->context = &context;
}

// Lives as long as the pipe it writes to.
Promise<void> GreetUntilGone(SampleJournal* journal, AbortSignal signal,
                             StreamWriter<std::string> out) {
  try {
    co_await out.Write("hello");
    co_await Delay(absl::Hours(1), signal);
  } catch (...) {
    if (signal.aborted()) Note(journal, "the client is gone");
  }
  out.Close();
}

// Under names that a stack can be searched for.
__attribute__((noinline)) void Crash(volatile int* nowhere) { *nowhere = 1; }

__attribute__((noinline)) int Overflow(volatile char* outer) {
  volatile char room[4096];
  room[0] = outer == nullptr ? 1 : outer[0];
  if (room[0] == 0) return 0;  // which never happens
  return Overflow(room) + room[0];
}

constexpr Route kHello = {"GET", "/hello/:name"};

class GreeterModule final : public Module, public GreeterService {
 public:
  explicit GreeterModule(SampleJournal* journal) : journal_(journal) {}

  std::string_view name() const override { return "greeter"; }
  std::vector<const ServiceInfo*> Provides() const override {
    return {&GreeterService::Info()};
  }
  std::vector<Route> Routes() const override { return {kHello}; }
  std::vector<const ContractInfo*> Contracts() const override {
    return {&GreeterEvents::Info()};
  }
  std::vector<store::Migration> Migrations() const override {
    return {{1, "greeted", "CREATE TABLE greeted (name TEXT NOT NULL);"}};
  }

  Promise<void> Start(ModuleContext& context) override {
    Note(journal_, "greeter starts");
    context_ = &context;
    NoteContext(journal_, context);
    Reload(context.settings());
    emitter_.emplace(context.loop(), context.ForEmitter("greetings"));
    emitter_->On<GreeterEvents::Greeted>(
        [](const Greeting& greeting) {
          if (greeting.text().ends_with(" patience")) {
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
          }
        },
        {.name = "patience"});
    if (journal_ != nullptr && journal_->on_start) journal_->on_start();
    if (journal_ == nullptr || !journal_->forget_to_serve) {
      context.Serve(Bind(static_cast<GreeterService&>(*this)));
    }
    context.Handle(kHello, [this](const Call& call, http::Request request) {
      return Hello(call, std::move(request));
    });
    co_await context.database().Ping();
  }
  void Reload(const config::v1::Settings& settings) override {
    salutation_ =
        settings.GetExtension(testdata::GreeterSettings::greeter).salutation();
  }
  Promise<void> Stop() override {
    Note(journal_, "greeter stops");
    return Promise<void>::Resolve();
  }

  Promise<Greeting> Greet(const Call& call,
                          const GreetRequest& request) override {
    NoteGreeting(journal_);
    if (journal_ != nullptr && journal_->on_greet) journal_->on_greet();
    if (request.name() == "slow") co_await Delay(absl::Milliseconds(300));
    if (request.name() == "forever") co_await Delay(absl::InfiniteDuration());
    if (request.name() == "delayed") co_await Delay(absl::Hours(1));
    if (request.name() == "pooled") {
      co_await EventLoop::Current()->workers().Run(
          [] { std::this_thread::sleep_for(std::chrono::hours(1)); });
    }
    if (request.name() == "querying") {
      co_await context_->database().Transact([](store::Tx& tx) {
        tx.Query(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
            "FROM n) SELECT count(*) FROM n");
      });
    }
    if (request.name() == "forgetful") {
      context_->loop().SetInterval(absl::Hours(1), [] {});
    }
    if (request.name() == "stuck") {
      std::this_thread::sleep_for(std::chrono::seconds(60));
    }
    if (request.name() == "crash") Crash(reinterpret_cast<int*>(0x10));
    if (request.name() == "overflow") Overflow(nullptr);
    if (request.name() == "terminate") {
      std::thread([] { throw std::runtime_error("\"quoted\""); }).join();
    }
    Greeting greeting;
    greeting.set_text(salutation_ + " " + request.name());
    co_await context_->database().Transact(call.context, [&](store::Tx& tx) {
      tx.Execute("INSERT INTO greeted (name) VALUES (:name)",
                 {{"name", request.name()}});
      context_->outbox().Emit<GreeterEvents::Greeted>(tx, greeting);
    });
    emitter_->Emit<GreeterEvents::Greeted>(greeting);
    co_return greeting;
  }

  Stream<Greeting> Repeat(const Call&, const GreetRequest&) override {
    return Stream<Greeting>::Failed(absl::UnimplementedError("not here"));
  }

 private:
  Promise<http::Response> Hello(const Call& call, http::Request request) {
    if (request.Param("name") == "nobody") {
      co_return http::Response::Text(404, "nobody is there");
    }
    if (request.Param("name") == "endless") {
      Pipe<std::string> pipe = MakePipe<std::string>();
      GreetUntilGone(journal_, request.signal, pipe.writer).Detach();
      co_return http::Response::Streamed("text/plain", std::move(pipe.stream));
    }
    GreetRequest greet;
    greet.set_name(std::string(request.Param("name")));
    const Greeting greeting = co_await Greet(call, greet);
    co_return http::Response::Text(200, greeting.text());
  }

  SampleJournal* const journal_;
  ModuleContext* context_ = nullptr;
  std::string salutation_;
  std::optional<EventEmitter<GreeterEvents>> emitter_;
};

class ChoirModule final : public Module,
                          public ChoirService,
                          public GreeterEvents::Listener {
 public:
  explicit ChoirModule(SampleJournal* journal) : journal_(journal) {}

  std::string_view name() const override { return "choir"; }
  std::vector<const ServiceInfo*> Provides() const override {
    return {&ChoirService::Info()};
  }
  std::vector<const ServiceInfo*> Needs() const override {
    return {&GreeterService::Info()};
  }
  std::vector<const ContractInfo*> Contracts() const override {
    return {&GreeterEvents::Info()};
  }

  Promise<void> Start(ModuleContext& context) override {
    Note(journal_, "choir starts");
    greeter_ = &context.Need<GreeterService>();
    context.Serve(Bind(static_cast<ChoirService&>(*this)));
    context.Subscribe<GreeterEvents>("choir.heard", *this);
    return Promise<void>::Resolve();
  }
  Promise<void> Stop() override {
    Note(journal_, "choir stops");
    return Promise<void>::Resolve();
  }

  Promise<Greeting> Sing(const Call& call,
                         const GreetRequest& request) override {
    Greeting song;
    if (request.name() == "heard") {
      song.set_text(heard_);
      co_return song;
    }
    const Greeting greeting = co_await greeter_->Greet(call, request);
    song.set_text("la " + greeting.text());
    co_return song;
  }

  Promise<void> OnGreeted(const Event<Greeting>& event) override {
    NoteHearing(journal_);
    if (journal_ != nullptr && journal_->on_hear) journal_->on_hear();
    heard_ += event.payload.text() + ";";
    Note(journal_, "choir hears " + event.payload.text());
    return Promise<void>::Resolve();
  }

 private:
  SampleJournal* const journal_;
  GreeterService* greeter_ = nullptr;
  std::string heard_;
};

}  // namespace

ModuleFactory NewGreeter(SampleJournal* journal) {
  return [journal] { return std::make_unique<GreeterModule>(journal); };
}

ModuleFactory NewChoir(SampleJournal* journal) {
  return [journal] { return std::make_unique<ChoirModule>(journal); };
}

}  // namespace millrace::runtime
