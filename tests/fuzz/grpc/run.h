// What clients may send to the gRPC face: frames of HTTP/2 that an input puts
// together, right ones and others, between turns of the loop.
#ifndef MILLRACE_TESTS_FUZZ_GRPC_RUN_H_
#define MILLRACE_TESTS_FUZZ_GRPC_RUN_H_

#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/support/byte_target.h"

namespace millrace::rpc {

// The first byte says in what pieces the frames come, and whether the client
// reads. Then there is a step for each byte: what it does, and on which stream;
// run.cc says what follows which.
fuzz::Outcome RunInput(std::string_view input);

std::vector<std::string> Seeds();

}  // namespace millrace::rpc

#endif  // MILLRACE_TESTS_FUZZ_GRPC_RUN_H_
