// Calls of the Connect protocol whose bodies, queries and headers are any
// bytes, and what must hold for the answers.
#ifndef MILLRACE_TESTS_FUZZ_CONNECT_RUN_H_
#define MILLRACE_TESTS_FUZZ_CONNECT_RUN_H_

#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/support/byte_target.h"

namespace millrace::http {

// Two bytes say what kind of call it is; see run.cc. The others are the query
// of a GET, or the value of a header and, behind the first line break, the
// body.
fuzz::Outcome RunInput(std::string_view input);

std::vector<std::string> Seeds();

}  // namespace millrace::http

#endif  // MILLRACE_TESTS_FUZZ_CONNECT_RUN_H_
