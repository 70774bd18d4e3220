// What a configuration says of limits, as those who hold to them take it.
#ifndef MILLRACE_RUNTIME_CONFIG_LIMITS_H_
#define MILLRACE_RUNTIME_CONFIG_LIMITS_H_

#include <cstdint>

#include "runtime/call_limiter.h"
#include "runtime/config.h"

namespace millrace::runtime {

// What one loop may have of what the process may, rounded up.
int ShareOf(int64_t limit, const Config& config);

// `config` was validated.
CallLimits CallLimitsOf(const Config& config);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_CONFIG_LIMITS_H_
