// Any text as a message in JSON, and what must hold for each.
#ifndef MILLRACE_TESTS_FUZZ_JSON_RUN_H_
#define MILLRACE_TESTS_FUZZ_JSON_RUN_H_

#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/support/byte_target.h"

namespace millrace::contract {

// The first byte says as which message, or that the others are one in
// protobuf's binary form, which is to become JSON.
fuzz::Outcome RunInput(std::string_view input);

std::vector<std::string> Seeds();

}  // namespace millrace::contract

#endif  // MILLRACE_TESTS_FUZZ_JSON_RUN_H_
