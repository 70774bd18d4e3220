// Replays calls of gRPC over HTTP/2: see tests/fuzz/support/byte_target.h.
#include "tests/fuzz/grpc/run.h"

int main(int argc, char** argv) {
  using namespace millrace;
  return fuzz::Replay({.run = rpc::RunInput,
                       .seeds = rpc::Seeds,
                       .alphabet = "\x01\x02\x10\x11\x18\x1b\x08\x7f\xff"},
                      argc, argv);
}
