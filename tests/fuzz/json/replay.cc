// Replays messages as JSON: see tests/fuzz/support/byte_target.h.
#include "tests/fuzz/json/run.h"

int main(int argc, char** argv) {
  using namespace millrace;
  return fuzz::Replay({.run = contract::RunInput,
                       .seeds = contract::Seeds,
                       .alphabet = "\"{}[]:,.-+eE\\ \n0u@\x7f\xc3\xff"},
                      argc, argv);
}
