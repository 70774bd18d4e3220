// Tokens and key sets of any bytes, and what must hold for each.
#ifndef MILLRACE_TESTS_FUZZ_TOKENS_RUN_H_
#define MILLRACE_TESTS_FUZZ_TOKENS_RUN_H_

#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/support/byte_target.h"

namespace millrace::tokens {

using fuzz::Outcome;

// The first byte says what the others are: 'T' a token, 'C' claims and 'H' the
// header of one that the test signs itself, everything else a key set. Ends the
// process when a promise is broken.
Outcome RunInput(std::string_view input);

// Good ones of each kind, to be changed.
std::vector<std::string> Seeds();

}  // namespace millrace::tokens

#endif  // MILLRACE_TESTS_FUZZ_TOKENS_RUN_H_
