// Changes inputs by the words of the language, so that what comes out is nearly
// a template still.
#ifndef MILLRACE_TESTS_FUZZ_TEMPLATES_MUTATE_H_
#define MILLRACE_TESTS_FUZZ_TEMPLATES_MUTATE_H_

#include <vector>

#include "tests/fuzz/contract_compiler/random.h"
#include "tests/fuzz/templates/run.h"

namespace millrace::templates {

using compiler::Random;

// One of every kind of thing in the language, to begin with.
std::vector<Input> Seeds();

// One to four changes.
void Mutate(Input* input, Random* random);

}  // namespace millrace::templates

#endif  // MILLRACE_TESTS_FUZZ_TEMPLATES_MUTATE_H_
