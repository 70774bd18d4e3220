#include "runtime/heap.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#ifdef MILLRACE_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

#include "absl/numeric/bits.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/strings.h"
#include "runtime/config_env.h"
#include "runtime/temporary_file.h"

#ifdef MILLRACE_JEMALLOC
// Read by jemalloc before main(). Profiles are ready and cost next to nothing
// until one is begun; they count what was freed, too. A thread counts down to
// its next sample all the time, and takes another distance only when it is
// there: 2^15 bytes are what the debug page samples by, so that a thread that
// allocates little is in its profile from the beginning.
extern "C" {
const char* malloc_conf =
    "prof:true,prof_active:false,prof_accum:true,lg_prof_sample:15";
}
#endif

namespace millrace::runtime {
namespace {

// "12: 3456 [78: 9012]": live, live bytes, all, all bytes.
bool ParseCounts(absl::string_view text, AllocationSite* site) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(text, absl::ByAnyChar(" :[]"), absl::SkipEmpty());
  return words.size() == 4 && absl::SimpleAtoi(words[0], &site->live) &&
         absl::SimpleAtoi(words[1], &site->live_bytes) &&
         absl::SimpleAtoi(words[2], &site->allocations) &&
         absl::SimpleAtoi(words[3], &site->allocated_bytes);
}

// An allocation of `size` bytes is sampled with 1 - exp(-size / rate).
void Unbias(double rate, int64_t* count, int64_t* bytes) {
  if (*count == 0) return;
  const double size = static_cast<double>(*bytes) / static_cast<double>(*count);
  const double scale = 1 / (1 - std::exp(-size / rate));
  *count = std::llround(static_cast<double>(*count) * scale);
  *bytes = std::llround(static_cast<double>(*bytes) * scale);
}

#ifdef MILLRACE_JEMALLOC

std::atomic<bool> profiling = false;

template <typename T>
T Ask(const char* name) {
  T value{};
  size_t size = sizeof value;
  mallctl(name, &value, &size, nullptr, 0);
  return value;
}

template <typename T>
bool Tell(const char* name, T value) {
  return mallctl(name, nullptr, nullptr, &value, sizeof value) == 0;
}

#endif

}  // namespace

#ifdef MILLRACE_JEMALLOC

HeapFacts ReadHeap() {
  Tell<uint64_t>("epoch", 1);  // or they are of the last time
  return {.used_bytes = static_cast<int64_t>(Ask<size_t>("stats.allocated")),
          .resident_bytes = static_cast<int64_t>(Ask<size_t>("stats.resident")),
          .mapped_bytes = static_cast<int64_t>(Ask<size_t>("stats.mapped"))};
}

absl::Status StartAllocationProfile(int64_t sample_bytes) {
  if (!Ask<bool>("opt.prof")) {
    return absl::UnimplementedError(
        "this jemalloc keeps no profiles of allocations");
  }
  if (profiling.exchange(true)) {
    return absl::FailedPreconditionError(
        "allocations are being sampled; wait until that is over");
  }
  const size_t lg =
      static_cast<size_t>(absl::bit_width(static_cast<uint64_t>(
                              std::max<int64_t>(sample_bytes, 1))) -
                          1);
  Tell("prof.reset", lg);
  Tell("prof.active", true);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<AllocationSite>> FinishAllocationProfile() {
  if (!profiling) {
    return absl::FailedPreconditionError("allocations are not being sampled");
  }
  Tell("prof.active", false);
  std::string text;
  absl::Status status;
  if (auto file = TemporaryFile::Create("heap"); !file.ok()) {
    status = file.status();
  } else if (std::string error; !Tell("prof.dump", file->path().c_str()) ||
                                !ReadFile(file->path(), &text, &error)) {
    status = absl::UnavailableError(
        StrCat("the profile of allocations cannot be had by ", file->path(),
               error.empty() ? "" : ": ", error));
  }
  profiling = false;
  if (!status.ok()) return status;
  return ParseHeapProfile(text);
}

#else

HeapFacts ReadHeap() {
  const struct mallinfo2 heap = mallinfo2();
  return {.used_bytes = static_cast<int64_t>(heap.uordblks + heap.hblkhd),
          .resident_bytes = static_cast<int64_t>(heap.arena + heap.hblkhd),
          .mapped_bytes = static_cast<int64_t>(heap.arena + heap.hblkhd)};
}

absl::Status StartAllocationProfile(int64_t) {
  return absl::UnimplementedError(
      "this program was built for a sanitizer, whose allocator keeps no "
      "profiles");
}

absl::StatusOr<std::vector<AllocationSite>> FinishAllocationProfile() {
  return absl::FailedPreconditionError("allocations are not being sampled");
}

#endif

absl::StatusOr<std::vector<AllocationSite>> ParseHeapProfile(
    std::string_view text) {
  constexpr absl::string_view kHead = "heap_v2/";
  double rate = 0;
  const std::vector<absl::string_view> lines =
      absl::StrSplit(ToAbsl(text), '\n');
  absl::string_view head = lines[0];
  if (!absl::ConsumePrefix(&head, kHead) || !absl::SimpleAtod(head, &rate) ||
      rate <= 0) {
    return absl::InvalidArgumentError("not a heap_v2 profile of jemalloc");
  }
  std::vector<AllocationSite> sites;
  for (size_t i = 1; i < lines.size(); ++i) {
    // "@ 0x1 0x2", then "  t*: " and the sum of all threads.
    if (!absl::StartsWith(lines[i], "@")) continue;
    AllocationSite site;
    for (const absl::string_view word :
         absl::StrSplit(lines[i].substr(1), ' ', absl::SkipEmpty())) {
      uint64_t address = 0;
      if (!absl::SimpleHexAtoi(word, &address)) {
        return absl::InvalidArgumentError(StrCat("not an address: ", word));
      }
      site.stack.push_back(reinterpret_cast<void*>(address));
    }
    const absl::string_view counts = i + 1 < lines.size() ? lines[i + 1] : "";
    const size_t colon = counts.find("t*:");
    if (colon == counts.npos || !ParseCounts(counts.substr(colon + 3), &site)) {
      return absl::InvalidArgumentError(StrCat("not counts: ", counts));
    }
    Unbias(rate, &site.live, &site.live_bytes);
    Unbias(rate, &site.allocations, &site.allocated_bytes);
    sites.push_back(std::move(site));
  }
  std::stable_sort(sites.begin(), sites.end(),
                   [](const AllocationSite& one, const AllocationSite& other) {
                     return one.allocated_bytes > other.allocated_bytes;
                   });
  return sites;
}

}  // namespace millrace::runtime
