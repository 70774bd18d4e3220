// Replays tokens and key sets. Seeds have new keys in every run: see
// tests/fuzz/support/byte_target.h.
#include "tests/fuzz/tokens/run.h"

int main(int argc, char** argv) {
  using namespace millrace;
  return fuzz::Replay({.run = tokens::RunInput,
                       .seeds = tokens::Seeds,
                       .alphabet = "\"{}[]:,.=_-/+\\ \n0A\x7f\xff"},
                      argc, argv);
}
