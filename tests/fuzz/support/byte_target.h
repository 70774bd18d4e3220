// A fuzz target whose inputs are any bytes, and the program that replays it
// with any compiler:
//
//   TARGET_replay [--requests DIR]... [--mutations N] [--first I]
//       [--write-seeds DIR]
//
// runs the seeds, the kept inputs in the folders of --requests, and N mutations
// of them; --write-seeds writes seeds and kept inputs for libFuzzer instead.
// Which bytes mutation I changes depends on nothing but I. Flags of other
// targets are passed over.
#ifndef MILLRACE_TESTS_FUZZ_SUPPORT_BYTE_TARGET_H_
#define MILLRACE_TESTS_FUZZ_SUPPORT_BYTE_TARGET_H_

#include <string>
#include <string_view>
#include <vector>

namespace millrace::fuzz {

enum class Outcome { kRefused, kRead };

struct ByteTarget {
  // Ends the process when a promise is broken.
  Outcome (*run)(std::string_view input) = nullptr;
  // Good ones of each kind, to be changed.
  std::vector<std::string> (*seeds)() = nullptr;
  // Bytes that mean something, which mutations put in.
  std::string_view alphabet;
};

// The program's exit code: 1 when the inputs are of no use, because none is
// read or none is refused.
int Replay(const ByteTarget& target, int argc, char** argv);

// Names the promise and ends the process unless it is kept.
void Demand(bool kept, const char* promise);

}  // namespace millrace::fuzz

#endif  // MILLRACE_TESTS_FUZZ_SUPPORT_BYTE_TARGET_H_
