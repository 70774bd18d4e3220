// A validator that reads the rules of any message at run time: what generated
// validators are compared with, in results by tests and in speed by
// tests/bench/contract. Slow, and written without looking at the compiler's.
#ifndef MILLRACE_CONTRACT_TESTING_REFLECTION_RULES_H_
#define MILLRACE_CONTRACT_TESTING_REFLECTION_RULES_H_

#include <google/protobuf/message.h>

#include "contract/rules.h"

namespace millrace::rules {

// Adds what breaks the rules of `message`, in the order of its fields.
void CheckByReflection(const google::protobuf::Message& message, const Path& at,
                       Found& found);

}  // namespace millrace::rules

#endif  // MILLRACE_CONTRACT_TESTING_REFLECTION_RULES_H_
