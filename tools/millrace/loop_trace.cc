#include "tools/millrace/loop_trace.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/abort.h"
#include "loop/promise.h"
#include "loop/worker_pool.h"
#include "tools/millrace/loop_scenario.h"
#include "tools/millrace/loop_trace_emitter.h"

namespace millrace {
namespace {

using Operation = ScenarioValue;
using Operations = std::vector<ScenarioValue>;
// Of the innermost listener around an operation, as it is printed.
using Payload = std::optional<std::string>;

[[noreturn]] void ThrowText(std::string_view text) {
  Throw(absl::UnknownError(std::string(text)));
}

std::string TextOf(const std::exception_ptr& error) {
  return std::string(MessageOf(StatusFrom(error)));
}

class WorkJob final : public WorkerPool::Job {
 public:
  explicit WorkJob(Task done) : done_(std::move(done)) {}
  void Execute() override {
    struct stat about;
    static_cast<void>(stat("/", &about));
  }
  void Complete() override { done_(); }

 private:
  Task done_;
};

// Everything that a scenario names lives here; callbacks hold `this`, since
// the interpreter outlives the loop's run.
class Interpreter {
 public:
  Interpreter(const ScenarioValue& scenario, double scale)
      : scenario_(scenario), scale_(scale) {
    if (scenario.Flag("uncaught")) {
      loop_.OnUncaught([this](std::exception_ptr error) {
        trace_.push_back("uncaught:" + TextOf(error));
      });
    }
    loop_.OnBeforeExit([this] {
      const Operations& lists = scenario_.List("beforeExit");
      if (exits_ < lists.size()) RunAll(lists[exits_++].items, {});
    });
  }

  EventLoop& loop() { return loop_; }

  void Run() {
    loop_.Dispatch([this] { RunAll(scenario_.List("root"), {}); });
    loop_.Run();
  }

  const std::vector<std::string>& trace() const { return trace_; }

 private:
  // `list` belongs to the scenario.
  Task Callback(const Operations& list, Payload payload) {
    return
        [this, &list, payload = std::move(payload)] { RunAll(list, payload); };
  }
  Task Do(const Operation& op, const Payload& payload) {
    return Callback(op.List("do"), payload);
  }

  void RunAll(const Operations& list, const Payload& payload) {
    for (const Operation& op : list) RunOne(op, payload);
  }

  void RunOne(const Operation& op, const Payload& payload);
  bool RunQueue(std::string_view name, const Operation& op,
                const Payload& payload);
  bool RunPromise(std::string_view name, const Operation& op,
                  const Payload& payload);
  bool RunTimer(std::string_view name, const Operation& op,
                const Payload& payload);
  bool RunHandle(std::string_view name, const Operation& op);
  bool RunEmitter(std::string_view name, const Operation& op);

  Promise<void> Async(const Operations& list, Payload payload);
  Promise<void> Wait(const Operation& op, const Payload& payload);
  void StartAsync(const Operation& op, const Payload& payload);
  void StartInterval(const Operation& op, const Payload& payload);
  void Work(Task done);
  void Spin(double ms) const;
  absl::Duration Duration(const Operation& op) const {
    return absl::Milliseconds(std::max(op.Number("ms"), 1.0) * scale_);
  }

  TraceEmitter& Emitter(std::string_view id) {
    auto& emitter = emitters_[std::string(id)];
    if (emitter == nullptr) {
      emitter = std::make_unique<TraceEmitter>(loop_, names_);
    }
    return *emitter;
  }
  static std::string Bracket(const std::vector<std::string>& words) {
    return "[" + absl::StrJoin(words, ",") + "]";
  }

  // Timers and immediates by id.
  struct Handle {
    Timer timer;
    Immediate immediate;
  };

  EventLoop loop_;
  const ScenarioValue& scenario_;
  const double scale_;
  WorkerPool pool_{{.threads = 1}};
  std::vector<std::string> trace_;
  size_t exits_ = 0;
  std::map<std::string, Handle> handles_;
  std::map<std::string, Deferred<void>> deferreds_;
  std::map<std::string, AbortController> controllers_;
  TraceNames names_;
  std::map<std::string, TraceEmitter::Function> functions_;
  std::map<std::string, std::unique_ptr<TraceEmitter>> emitters_;
};

void Interpreter::RunOne(const Operation& op, const Payload& payload) {
  const std::string_view name = op.Text("op");
  if (name == "log") {
    std::string text(op.Text("s"));
    if (op.Flag("arg")) text += "(" + payload.value_or("undefined") + ")";
    trace_.push_back(std::move(text));
  } else if (name == "spin") {
    Spin(op.Number("ms") * scale_);
  } else if (name == "throw") {
    ThrowText(op.Text("s"));
  } else if (name == "try") {
    try {
      RunAll(op.List("do"), payload);
    } catch (...) {
      trace_.push_back("caught:" + TextOf(std::current_exception()));
    }
  } else if (!RunQueue(name, op, payload) && !RunPromise(name, op, payload) &&
             !RunTimer(name, op, payload) && !RunHandle(name, op) &&
             !RunEmitter(name, op)) {
    std::cerr << "millrace loop-trace: unknown operation '" << name << "'\n";
    std::exit(2);
  }
}

bool Interpreter::RunQueue(std::string_view name, const Operation& op,
                           const Payload& payload) {
  if (name == "tick") {
    loop_.NextTick(Do(op, payload));
  } else if (name == "micro") {
    loop_.QueueMicrotask(Do(op, payload));
  } else if (name == "work") {
    Work(Do(op, payload));
  } else if (name == "close") {
    loop_.QueueClose(Do(op, payload));
  } else if (name == "abort") {
    controllers_[std::string(op.Text("id"))].Abort();
  } else if (name == "onAbort") {
    const AbortSignal signal =
        controllers_[std::string(op.Text("id"))].signal();
    signal.OnAbort(Do(op, payload)).Keep();
  } else {
    return false;
  }
  return true;
}

bool Interpreter::RunPromise(std::string_view name, const Operation& op,
                             const Payload& payload) {
  if (name == "then") {
    auto promise = Promise<void>::Resolve();
    for (const ScenarioValue& list : op.List("chain")) {
      promise = promise.Then(
          [call = Callback(list.items, payload)]() mutable { call(); });
    }
  } else if (name == "async") {
    StartAsync(op, payload);
  } else if (name == "when") {
    const auto promise = deferreds_[std::string(op.Text("id"))].promise();
    static_cast<void>(
        promise.Then([call = Do(op, payload)]() mutable { call(); }));
  } else if (name == "resolve") {
    deferreds_[std::string(op.Text("id"))].Resolve();
  } else {
    return false;
  }
  return true;
}

bool Interpreter::RunTimer(std::string_view name, const Operation& op,
                           const Payload& payload) {
  const std::string id(op.Text("id"));
  if (name == "timeout") {
    handles_[id] = {loop_.SetTimeout(Duration(op), Do(op, payload)), {}};
  } else if (name == "immediate") {
    handles_[id] = {{}, loop_.SetImmediate(Do(op, payload))};
  } else if (name == "interval") {
    StartInterval(op, payload);
  } else {
    return false;
  }
  if (op.Flag("unref")) {
    handles_[id].timer.Unref();
    handles_[id].immediate.Unref();
  }
  return true;
}

bool Interpreter::RunHandle(std::string_view name, const Operation& op) {
  if (name != "clear" && name != "ref" && name != "unref" &&
      name != "refresh") {
    return false;
  }
  const auto it = handles_.find(std::string(op.Text("id")));
  if (it == handles_.end()) return true;
  // A copy: the callback that goes may be the last to hold other things.
  Handle handle = it->second;
  if (name == "clear") {
    handle.timer.Clear();
    handle.immediate.Clear();
  } else if (name == "ref") {
    handle.timer.Ref();
    handle.immediate.Ref();
  } else if (name == "unref") {
    handle.timer.Unref();
    handle.immediate.Unref();
  } else {
    handle.timer.Refresh();
  }
  return true;
}

bool Interpreter::RunEmitter(std::string_view name, const Operation& op) {
  const std::string_view event = op.Text("ev");
  const std::string mark = StrCat(op.Text("s"), "=");
  if (name == "on") {
    TraceEmitter::Function& function = functions_[std::string(op.Text("fn"))];
    if (op.Find("do") != nullptr) {
      function = std::make_shared<TraceFunction>(TraceFunction{
          std::string(op.Text("fn")), [this, &op](std::string argument) {
            RunAll(op.List("do"), std::move(argument));
          }});
    }
    if (function != nullptr) {
      Emitter(op.Text("em")).Add(event, op.Text("mode"), function);
    }
  } else if (name == "off") {
    const auto it = functions_.find(std::string(op.Text("fn")));
    if (it != functions_.end() && it->second != nullptr) {
      Emitter(op.Text("em")).Remove(event, it->second);
    }
  } else if (name == "removeAll") {
    if (op.Find("ev") != nullptr) {
      Emitter(op.Text("em")).RemoveAll(event);
    } else {
      Emitter(op.Text("em")).RemoveAll();
    }
  } else if (name == "emit") {
    const auto argument = static_cast<int64_t>(op.Number("arg"));
    const bool listened =
        Emitter(op.Text("em")).Emit(event, std::to_string(argument));
    if (op.Find("s") != nullptr) trace_.push_back(StrCat(mark, listened));
  } else if (name == "count") {
    trace_.push_back(StrCat(mark, Emitter(op.Text("em")).Count(event)));
  } else if (name == "listeners") {
    trace_.push_back(mark + Bracket(Emitter(op.Text("em")).Listeners(event)));
  } else if (name == "names") {
    trace_.push_back(mark + Bracket(Emitter(op.Text("em")).Names()));
  } else {
    return false;
  }
  return true;
}

Promise<void> Interpreter::Async(const Operations& list, Payload payload) {
  for (const Operation& op : list) {
    if (op.Text("op") == "await") {
      co_await Wait(op, payload);
    } else {
      RunOne(op, payload);
    }
  }
}

Promise<void> Interpreter::Wait(const Operation& op, const Payload& payload) {
  const std::string_view on = op.Text("on");
  if (on == "value") return Promise<void>::Resolve();
  if (on == "async") return Async(op.List("do"), payload);
  if (on == "deferred") {
    return deferreds_[std::string(op.Text("id"))].promise();
  }
  const Deferred<void> done;
  const auto resolve = [done] { done.Resolve(); };
  if (on == "tick") {
    loop_.NextTick(resolve);
  } else if (on == "immediate") {
    loop_.SetImmediate(resolve);
  } else if (on == "timeout") {
    loop_.SetTimeout(Duration(op), resolve);
  } else if (on == "work") {
    Work(resolve);
  } else {
    Emitter(op.Text("em"))
        .Add(op.Text("ev"), "once",
             std::make_shared<TraceFunction>(TraceFunction{
                 "resolve", [done](const std::string&) { done.Resolve(); }}));
  }
  return done.promise();
}

void Interpreter::StartAsync(const Operation& op, const Payload& payload) {
  Promise<void> promise = Async(op.List("do"), payload);
  const bool then = op.Find("then") != nullptr;
  const bool handler = op.Find("catch") != nullptr;
  Task on_value = Callback(op.List("then"), payload);
  auto on_error = [call = Callback(op.List("catch"), payload)](
                      const std::exception_ptr&) mutable { call(); };
  if (then && handler) {
    static_cast<void>(promise.Then(std::move(on_value), std::move(on_error)));
  } else if (then) {
    static_cast<void>(promise.Then(std::move(on_value)));
  } else if (handler) {
    static_cast<void>(promise.Catch(std::move(on_error)));
  }
}

void Interpreter::StartInterval(const Operation& op, const Payload& payload) {
  const std::string id(op.Text("id"));
  auto self = std::make_shared<Timer>();
  const auto times = std::make_shared<int64_t>(op.Number("times"));
  *self = loop_.SetInterval(Duration(op), [this, &op, payload, self, times] {
    struct ClearAtEnd {
      ~ClearAtEnd() {
        if (--times > 0) return;
        timer.Clear();
      }
      int64_t& times;
      Timer timer;
    } clear{*times, *self};
    RunAll(op.List("do"), payload);
  });
  handles_[id] = {*self, {}};
}

void Interpreter::Work(Task done) {
  // Not Run(): the callback is a completion, not a reaction of a promise.
  pool_.Submit(std::make_unique<WorkJob>(std::move(done)));
}

void Interpreter::Spin(double ms) const {
  const auto end = absl::Now() + absl::Milliseconds(ms);
  while (absl::Now() < end) {
  }
}

}  // namespace

int RunLoopTrace(std::string_view scenario_json, std::ostream& out,
                 const LoopTraceOptions& options) {
  const auto scenario = ParseScenario(scenario_json);
  if (!scenario.ok()) {
    std::cerr << "millrace loop-trace: " << MessageOf(scenario.status())
              << "\n";
    return 2;
  }
  Interpreter interpreter(*scenario, options.scale);
  std::shared_ptr<void> kept;
  if (options.prepare) kept = options.prepare(interpreter.loop());
  interpreter.Run();
  interpreter.loop().SetPollSource(nullptr);
  out << TraceLine(interpreter.trace());
  return 0;
}

}  // namespace millrace
