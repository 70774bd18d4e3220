#include "loop/crash_report.h"

#include <cxxabi.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string_view>
#include <typeinfo>

#include "absl/debugging/symbolize.h"
#include "loop/activity.h"
#include "loop/activity_table.h"
#include "loop/thread_probe.h"

// Where the program is loaded, by the linker.
extern "C" const char __executable_start;

namespace millrace {
namespace {

using loop_internal::ActivityTable;
using loop_internal::InterruptedAt;
using loop_internal::WalkStack;

constexpr size_t kStackBytes = 256 << 10;
constexpr size_t kLineBytes = 48 << 10;
constexpr size_t kErrorBytes = 1024;
constexpr size_t kTraces = 64;
constexpr int kFrames = 64;

struct FatalSignal {
  int number;
  const char* name;
};
constexpr std::array<FatalSignal, 7> kSignals = {{{SIGSEGV, "SIGSEGV"},
                                                  {SIGBUS, "SIGBUS"},
                                                  {SIGFPE, "SIGFPE"},
                                                  {SIGILL, "SIGILL"},
                                                  {SIGSYS, "SIGSYS"},
                                                  {SIGTRAP, "SIGTRAP"},
                                                  {SIGABRT, "SIGABRT"}}};

// A line that grows in place, and is cut when it is full.
class Line {
 public:
  void Add(std::string_view text) {
    const size_t size = std::min(text.size(), bytes_.size() - size_);
    std::memcpy(bytes_.data() + size_, text.data(), size);
    size_ += size;
  }
  // Inside a JSON text; what is not ASCII becomes a question mark.
  void AddEscaped(std::string_view text) {
    for (const char c : text) {
      if (c == '\n') {
        Add("\\n");
      } else if (c == '"' || c == '\\') {
        const char escaped[] = {'\\', c};
        Add({escaped, 2});
      } else {
        const char plain = c >= ' ' && c <= '~' ? c : '?';
        Add({&plain, 1});
      }
    }
  }
  void AddText(std::string_view key, std::string_view text) {
    Add(",\"");
    Add(key);
    Add("\":\"");
    AddEscaped(text);
    Add("\"");
  }
  void AddNumber(uint64_t number, unsigned base = 10, int digits = 1) {
    std::array<char, 24> text;
    size_t at = text.size();
    do {
      text[--at] = "0123456789abcdef"[number % base];
      number /= base;
      --digits;
    } while (number != 0 || digits > 0);
    Add({text.data() + at, text.size() - at});
  }
  void AddAddress(const void* address) {
    Add("0x");
    AddNumber(reinterpret_cast<uintptr_t>(address), 16);
  }
  void AddTraceId(const Activity::TraceId& id) {
    for (const uint8_t byte : id) AddNumber(byte, 16, 2);
  }
  void Write() {
    size_t done = 0;
    while (done < size_) {
      const ssize_t n =
          write(STDERR_FILENO, bytes_.data() + done, size_ - done);
      if (n < 0 && errno != EINTR) return;
      if (n > 0) done += static_cast<size_t>(n);
    }
  }

 private:
  std::array<char, kLineBytes> bytes_{};
  size_t size_ = 0;
};

// Of the one report there is: no memory is to be had when it is made.
enum Stage { kNone, kBegun, kCut };
std::atomic<int> stage{kNone};
std::atomic<pid_t> reporter{0};  // the thread
constinit Line line;
std::array<char, kErrorBytes> terminate_error;
std::atomic<size_t> terminate_size{0};

// The date, which no function may be asked for here.
void AddTime(Line& to) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const int64_t days = now.tv_sec / 86'400;
  const int64_t seconds = now.tv_sec % 86'400;
  // Years that begin in March have their odd day at the end.
  const int64_t shifted = days + 719'468;
  const int64_t era = shifted / 146'097;
  const int64_t day_of_era = shifted % 146'097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1'460 +
                               day_of_era / 36'524 - day_of_era / 146'096) /
                              365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month = (5 * day_of_year + 2) / 153;  // March is 0
  const int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
  to.AddNumber(era * 400 + year_of_era + (month >= 10 ? 1 : 0), 10, 4);
  to.Add("-");
  to.AddNumber(month < 10 ? month + 3 : month - 9, 10, 2);
  to.Add("-");
  to.AddNumber(day, 10, 2);
  to.Add("T");
  to.AddNumber(seconds / 3'600, 10, 2);
  to.Add(":");
  to.AddNumber(seconds / 60 % 60, 10, 2);
  to.Add(":");
  to.AddNumber(seconds % 60, 10, 2);
  to.Add(".");
  to.AddNumber(now.tv_nsec / 1'000, 10, 6);
  to.Add("Z");
}

void AddActivities(Line& to) {
  if (const Activity* activity = Activity::Current()) {
    to.AddText("handler", activity->handler());
    if (!activity->event().empty()) to.AddText("event", activity->event());
    if (activity->trace_id() != Activity::TraceId{}) {
      to.Add(",\"trace_id\":\"");
      to.AddTraceId(activity->trace_id());
      to.Add("\"");
    }
  }
  std::array<Activity::TraceId, kTraces> ids;
  const size_t count = ActivityTable::TraceIds(ids.data(), ids.size());
  to.Add(",\"in_flight\":[");
  const auto end = ids.begin() + std::min(count, ids.size());
  for (auto id = ids.begin(); id != end; ++id) {
    if (std::find(ids.begin(), id, *id) != id) continue;
    to.Add(id == ids.begin() ? "\"" : ",\"");
    to.AddTraceId(*id);
    to.Add("\"");
  }
  to.Add("],\"in_flight_count\":");
  to.AddNumber(count);
}

void AddStack(Line& to, void* context) {
  std::array<void*, kFrames> frames;
  const auto begin = frames.begin();
  const auto end = begin + WalkStack(frames.data(), kFrames);
  void* const at = InterruptedAt(context);
  // Without the frames of the handler; a call of nothing is no frame at all.
  auto first = std::find(begin, end, at);
  const bool found = first != end;
  if (!found) first = begin;
  const auto add = [&to](void* frame, bool innermost) {
    std::array<char, 512> name;
    to.AddAddress(frame);
    // A return address may belong to the next function already.
    void* const pc = innermost ? frame : static_cast<char*>(frame) - 1;
    if (absl::Symbolize(pc, name.data(), name.size())) {
      to.Add(" ");
      to.AddEscaped(name.data());
    }
    to.Add("\\n");
  };
  if (!found) add(at, true);
  for (auto frame = first; frame != end; ++frame) {
    add(*frame, found && frame == first);
  }
}

std::string_view NameOf(int signum) {
  for (const FatalSignal& known : kSignals) {
    if (known.number == signum) return known.name;
  }
  return "?";
}

void AddHead(Line& to, int signum, const siginfo_t& info) {
  to.Add("{\"ts\":\"");
  AddTime(to);
  to.Add("\",\"level\":\"error\",\"msg\":\"the process crashes\"");
  to.AddText("signal", NameOf(signum));
  // Of those that the kernel sends for an instruction, it is where.
  if (info.si_code > 0 && signum != SIGABRT) {
    to.Add(",\"address\":\"");
    to.AddAddress(info.si_addr);
    to.Add("\"");
  }
  std::array<char, 16> thread{};
  prctl(PR_GET_NAME, thread.data());
  to.AddText("thread", thread.data());
  const size_t error = terminate_size.load();
  if (error > 0) to.AddText("error", {terminate_error.data(), error});
}

// The signal has its usual effect.
void Die(int signum) {
  signal(signum, SIG_DFL);
  raise(signum);
}

void OnFatalSignal(int signum, siginfo_t* info, void* context) {
  int none = kNone;
  if (!stage.compare_exchange_strong(none, kBegun)) {
    // Another thread reports, and the process ends when it has.
    if (reporter.load() != gettid()) {
      for (int i = 0; i < 100; ++i) usleep(100'000);
      return Die(signum);
    }
    // The report itself has crashed: what there is of it.
    if (stage.exchange(kCut) == kBegun) {
      line.Add("(cut: the stack cannot be read)\"}\n");
      line.Write();
    }
    return Die(signum);
  }
  reporter.store(gettid());
  AddHead(line, signum, *info);
  AddActivities(line);
  line.Add(",\"base\":\"");
  line.AddAddress(&__executable_start);
  line.Add("\",\"stack\":\"");
  AddStack(line, context);
  line.Add("\"}\n");
  line.Write();
  Die(signum);
}

// What is thrown and not caught. Not in a signal handler yet.
void OnTerminate() {
  const auto note = [](std::string_view text) {
    const size_t size = std::min(text.size(), kErrorBytes - terminate_size);
    std::memcpy(terminate_error.data() + terminate_size, text.data(), size);
    terminate_size += size;
  };
  if (const std::type_info* type = abi::__cxa_current_exception_type()) {
    int status = 0;
    char* name = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
    note("an exception that nobody caught: ");
    note(status == 0 ? name : type->name());
    std::free(name);
    try {
      std::rethrow_exception(std::current_exception());
    } catch (const std::exception& error) {
      note(": ");
      note(error.what());
    } catch (...) {
    }
  } else {
    note("std::terminate() was called");
  }
  std::abort();
}

}  // namespace

void InstallCrashReport() {
  // What the handler needs and is loaded at the first use.
  std::array<void*, 4> frames;
  const int depth = WalkStack(frames.data(), static_cast<int>(frames.size()));
  std::array<char, 256> name;
  if (depth > 0) absl::Symbolize(frames[0], name.data(), name.size());
  ActivityTable::TraceIds(nullptr, 0);
  for (const FatalSignal& fatal : kSignals) {
    struct sigaction action = {};
    if (sigaction(fatal.number, nullptr, &action) != 0 ||
        action.sa_handler != SIG_DFL) {
      continue;
    }
    action.sa_sigaction = &OnFatalSignal;
    // A crash in the handler comes to the handler.
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    sigaction(fatal.number, &action, nullptr);
  }
  std::set_terminate(&OnTerminate);
}

CrashStack::CrashStack() : stack_(new char[kStackBytes]) {
  stack_t stack{};
  stack.ss_sp = stack_.get();
  stack.ss_size = kStackBytes;
  sigaltstack(&stack, nullptr);
}

CrashStack::~CrashStack() {
  stack_t stack{};
  stack.ss_flags = SS_DISABLE;
  sigaltstack(&stack, nullptr);
}

}  // namespace millrace
