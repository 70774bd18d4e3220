// What clients may send to the HTTP face, and what must hold for each: bytes in
// which requests are looked for, one behind the other.
#ifndef MILLRACE_TESTS_FUZZ_HTTP_RUN_H_
#define MILLRACE_TESTS_FUZZ_HTTP_RUN_H_

#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/support/byte_target.h"

namespace millrace::http {

// The first byte says in what pieces the others come, besides in one.
fuzz::Outcome RunInput(std::string_view input);

std::vector<std::string> Seeds();

}  // namespace millrace::http

#endif  // MILLRACE_TESTS_FUZZ_HTTP_RUN_H_
