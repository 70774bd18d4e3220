// Replays HTTP requests: see tests/fuzz/support/byte_target.h.
#include "tests/fuzz/http/run.h"

int main(int argc, char** argv) {
  using namespace millrace;
  return fuzz::Replay({.run = http::RunInput,
                       .seeds = http::Seeds,
                       .alphabet = "\r\n \t:;,/?%.*0aFH-\x7f\xff"},
                      argc, argv);
}
