// What keeps a loop running beside its own handles: counts by name. Private to
// loop.
#ifndef MILLRACE_LOOP_NAMED_REFS_H_
#define MILLRACE_LOOP_NAMED_REFS_H_

#include <cstdint>
#include <string_view>
#include <vector>

namespace millrace::loop_internal {

class NamedRefs {
 public:
  struct Count {
    const char* what;
    int64_t count;
  };

  // Names are few and literals: mostly the same pointer, found at once.
  void Add(const char* what) {
    ++total_;
    ++Find(what).count;
  }
  void Release(const char* what) {
    --total_;
    --Find(what).count;
  }

  int64_t total() const { return total_; }
  const std::vector<Count>& counts() const { return counts_; }

 private:
  Count& Find(const char* what) {
    for (Count& count : counts_) {
      if (count.what == what) return count;
    }
    // The same text may stand at several places of the program.
    for (Count& count : counts_) {
      if (std::string_view(count.what) == what) return count;
    }
    return counts_.emplace_back(Count{what, 0});
  }

  int64_t total_ = 0;
  std::vector<Count> counts_;
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_NAMED_REFS_H_
