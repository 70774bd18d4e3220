#include "loop/thread_probe.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <signal.h>
#include <ucontext.h>
#include <unwind.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include "absl/debugging/symbolize.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "loop/microtasks.h"

namespace millrace::loop_internal {
namespace {

// The probe of this thread, for the signal handler.
constinit thread_local std::atomic<ThreadProbe*> this_probe{nullptr};

// A real-time signal that nobody has a handler for. The handler stays for as
// long as the process, because a late signal would end it.
int InstallHandler(void (*handler)(int, siginfo_t*, void*)) {
  for (int signum = SIGRTMIN + 5; signum <= SIGRTMAX; ++signum) {
    struct sigaction action = {};
    if (sigaction(signum, nullptr, &action) != 0 ||
        action.sa_handler != SIG_DFL) {
      continue;
    }
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&action.sa_mask);
    if (sigaction(signum, &action, nullptr) == 0) return signum;
  }
  Fatal("no real-time signal is free for the loop's watchdog");
}

int ProbeSignal(void (*handler)(int, siginfo_t*, void*)) {
  static const int signum = InstallHandler(handler);
  return signum;
}

struct Walk {
  void** frames;
  int capacity;
  int depth;
};

_Unwind_Reason_Code OnFrame(_Unwind_Context* context, void* argument) {
  auto* walk = static_cast<Walk*>(argument);
  const auto pc = _Unwind_GetIP(context);
  if (pc == 0 || walk->depth == walk->capacity) return _URC_END_OF_STACK;
  walk->frames[walk->depth++] = reinterpret_cast<void*>(pc);
  return _URC_NO_REASON;
}

size_t Copy(std::string_view text, std::array<char, Activity::kTextBytes>& to) {
  std::memcpy(to.data(), text.data(), text.size());
  return text.size();
}

std::string Demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> readable(
      abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
  return status == 0 ? std::string(readable.get()) : std::string(name);
}

std::string Describe(void* frame, bool innermost) {
  // A return address may belong to the next function already.
  void* const pc = innermost ? frame : static_cast<char*>(frame) - 1;
  std::array<char, 4096> name{};  // as long as mangled names get
  if (absl::Symbolize(pc, name.data(), name.size())) {
    return Demangled(name.data());
  }
  Dl_info module{};
  if (dladdr(pc, &module) == 0 || module.dli_fname == nullptr) {
    return absl::StrFormat("%p", frame);
  }
  return absl::StrFormat(
      "%s+%#x", module.dli_fname,
      static_cast<char*>(frame) - static_cast<char*>(module.dli_fbase));
}

}  // namespace

int WalkStack(void** frames, int capacity) {
  Walk walk{frames, capacity, 0};
  _Unwind_Backtrace(&OnFrame, &walk);
  return walk.depth;
}

void* InterruptedAt(void* context) {
  auto* user = static_cast<ucontext_t*>(context);
#if defined(__x86_64__)
  return reinterpret_cast<void*>(user->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return reinterpret_cast<void*>(user->uc_mcontext.pc);
#else
  static_cast<void>(user);
  return nullptr;
#endif
}

ThreadProbe::ThreadProbe() : thread_(pthread_self()) {
  if (this_probe.load() != nullptr) Fatal("this thread has a probe already");
  ProbeSignal(&ThreadProbe::OnSignal);
  // The first walk may load and register tables: not in the handler.
  WalkStack(frames_.data(), kFrames);
  this_probe.store(this);
}

ThreadProbe::~ThreadProbe() { this_probe.store(nullptr); }

void ThreadProbe::OnSignal(int, siginfo_t*, void* context) {
  const int saved = errno;
  if (ThreadProbe* probe = this_probe.load()) probe->Fill(context);
  errno = saved;
}

void ThreadProbe::Fill(void* context) {
  int asked = kAsked;
  if (!state_.compare_exchange_strong(asked, kAnswering)) return;
  depth_ = WalkStack(frames_.data(), kFrames);
  interrupted_ = InterruptedAt(context);
  const Activity* activity = Activity::Current();
  active_ = activity != nullptr;
  if (active_) {
    kind_ = activity->kind();
    handler_size_ = Copy(activity->handler(), handler_);
    event_size_ = Copy(activity->event(), event_);
    trace_id_ = activity->trace_id();
    start_ = activity->start();
  }
  state_.store(kAnswered);
}

bool ThreadProbe::Ask(absl::Duration patience, Answer* answer) {
  state_.store(kAsked);
  if (pthread_kill(thread_, ProbeSignal(&ThreadProbe::OnSignal)) != 0) {
    state_.store(kIdle);
    return false;
  }
  const absl::Time end = absl::Now() + patience;
  while (state_.load() != kAnswered) {
    int asked = kAsked;
    if (absl::Now() > end && state_.compare_exchange_strong(asked, kIdle)) {
      return false;
    }
    absl::SleepFor(absl::Microseconds(200));
  }
  const auto begin = frames_.begin();
  // Without the frames of the handler itself.
  const auto first = std::find(begin, begin + depth_, interrupted_);
  answer->frames.assign(first == begin + depth_ ? begin : first,
                        begin + depth_);
  if (active_) {
    answer->kind = kind_;
    answer->handler.assign(handler_.data(), handler_size_);
    answer->event.assign(event_.data(), event_size_);
    answer->trace_id = trace_id_;
    answer->start = start_;
  }
  state_.store(kIdle);
  return true;
}

std::vector<std::string> Symbolize(const std::vector<void*>& frames) {
  std::vector<std::string> lines;
  for (void* frame : frames) lines.push_back(Describe(frame, lines.empty()));
  return lines;
}

}  // namespace millrace::loop_internal
