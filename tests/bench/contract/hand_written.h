// The rules of two messages as somebody would write them by hand: the floor of
// the generated validators.
#ifndef MILLRACE_TESTS_BENCH_CONTRACT_HAND_WRITTEN_H_
#define MILLRACE_TESTS_BENCH_CONTRACT_HAND_WRITTEN_H_

#include <string>
#include <vector>

#include "golden/rules.pb.h"
#include "users/v1/users.pb.h"

namespace millrace::bench {

struct Problem {
  std::string field;
  std::string what;
};
using Problems = std::vector<Problem>;

void CheckByHand(const golden::Person& person, const std::string& prefix,
                 Problems* problems);
void CheckByHand(const users::v1::CreateUserRequest& request,
                 Problems* problems);

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_CONTRACT_HAND_WRITTEN_H_
