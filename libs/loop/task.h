// A callback without arguments, move-only: what every queue of the loop holds.
#ifndef MILLRACE_LOOP_TASK_H_
#define MILLRACE_LOOP_TASK_H_

#include "absl/functional/any_invocable.h"

namespace millrace {

using Task = absl::AnyInvocable<void()>;

}  // namespace millrace

#endif  // MILLRACE_LOOP_TASK_H_
