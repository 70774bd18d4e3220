// GroupError: what a TaskGroup reports when more than one child has failed.
//
// Its status is the first error's, code and payloads included; its message
// goes on with the others: "no such user (and 2 more: disk full; timed out)".
// Thread-safe like any exception.
#ifndef MILLRACE_LOOP_GROUP_ERROR_H_
#define MILLRACE_LOOP_GROUP_ERROR_H_

#include <exception>
#include <vector>

#include "base/status.h"

namespace millrace {

class GroupError : public StatusError {
 public:
  GroupError(std::exception_ptr first, std::vector<std::exception_ptr> others);

  // As they were thrown, in the order in which the children failed.
  const std::exception_ptr& first() const { return first_; }
  const std::vector<std::exception_ptr>& others() const { return others_; }

 private:
  std::exception_ptr first_;
  std::vector<std::exception_ptr> others_;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_GROUP_ERROR_H_
