#include "loop/live_coroutines.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <string_view>
#include <unordered_map>

#include "loop/coroutine_waits.h"
#include "loop/loop_impl.h"
#include "loop/monotonic.h"
#include "loop/thread_probe.h"

namespace millrace {
namespace loop_internal {

constinit thread_local CoroutineWaits* coroutine_waits = nullptr;

CoroutineWaits::CoroutineWaits() { coroutine_waits = this; }

CoroutineWaits::~CoroutineWaits() { coroutine_waits = nullptr; }

void BeginWait(const Reaction* awaiter, const StateBase* awaited, void* frame) {
  coroutine_waits->Add(awaiter,
                       {frame, awaited, ActivityRef::Current(), MonotonicNs()});
}

void EndWait(const Reaction* awaiter) {
  if (coroutine_waits != nullptr) coroutine_waits->Remove(awaiter);
}

}  // namespace loop_internal

namespace {

using loop_internal::CoroutineWaits;

// "users::Service::Get" of "users::Service::Get(users::Service::Get(Call
// const&)::...Frame*) [clone .actor]", as compilers name what resumes.
std::string FunctionName(std::string_view symbol) {
  constexpr std::string_view kAnonymous = "(anonymous namespace)";
  size_t end = 0;
  while ((end = symbol.find('(', end)) != symbol.npos) {
    if (!symbol.substr(end).starts_with(kAnonymous)) break;
    end += kAnonymous.size();
  }
  return std::string(symbol.substr(0, end));
}

// Names by what resumes a frame, which is what the frame begins with.
class Functions {
 public:
  std::string Of(const void* frame) {
    void* resume = nullptr;
    std::memcpy(&resume, frame, sizeof resume);
    std::string& name = names_[resume];
    if (name.empty()) {
      name = FunctionName(loop_internal::Symbolize({resume}).front());
    }
    return name;
  }

 private:
  std::unordered_map<void*, std::string> names_;
};

// The frame of a coroutine lies in the block of its promise's state.
using Frames = std::set<const char*>;

const void* FrameIn(const Frames& frames,
                    const loop_internal::StateBase& state) {
  const auto* const block = reinterpret_cast<const char*>(&state);
  const auto frame = frames.upper_bound(block);
  const bool within =
      frame != frames.end() && *frame < block + state.block_bytes();
  return within ? *frame : nullptr;
}

}  // namespace

void ListCoroutines(EventLoop& loop, bool on) {
  loop.AssertThread();
  auto& waits = loop.impl().coroutine_waits;
  if (!on) {
    waits.reset();
  } else if (waits == nullptr) {
    waits = std::make_unique<CoroutineWaits>();
  }
}

std::vector<LiveCoroutine> LiveCoroutines(EventLoop& loop, size_t most,
                                          size_t* count) {
  loop.AssertThread();
  std::vector<const CoroutineWaits::Wait*> waits;
  Frames frames;
  if (const auto& listed = loop.impl().coroutine_waits) {
    for (const auto& [awaiter, wait] : listed->all()) {
      waits.push_back(&wait);
      frames.insert(static_cast<const char*>(wait.frame));
    }
  }
  if (count != nullptr) *count = waits.size();
  std::sort(waits.begin(), waits.end(), [](const auto* one, const auto* other) {
    return one->since < other->since;
  });
  if (waits.size() > most) waits.resize(most);
  const int64_t now = loop_internal::MonotonicNs();
  Functions functions;
  std::vector<LiveCoroutine> live;
  for (const CoroutineWaits::Wait* wait : waits) {
    LiveCoroutine& added = live.emplace_back();
    added.function = functions.Of(wait->frame);
    if (const void* const frame = FrameIn(frames, *wait->awaited)) {
      added.waits_for = functions.Of(frame);
    }
    added.age = absl::Nanoseconds(now - wait->since);
    if (const Activity* activity = wait->activity.get()) {
      added.handler = activity->handler();
      added.event = activity->event();
      added.trace_id = activity->trace_id_hex();
    }
  }
  return live;
}

}  // namespace millrace
