// Replays calls of the Connect protocol: see tests/fuzz/support/byte_target.h.
#include "tests/fuzz/connect/run.h"

int main(int argc, char** argv) {
  using namespace millrace;
  return fuzz::Replay({.run = http::RunInput,
                       .seeds = http::Seeds,
                       .alphabet = "\"{}[]:,%&=+/ 0\x01\x02\x08\x1f\x8b\xff"},
                      argc, argv);
}
