// Who it is that tells: the attributes of a process, as OpenTelemetry's
// conventions name them. Plain values, any thread.
#ifndef MILLRACE_OTLP_RESOURCE_H_
#define MILLRACE_OTLP_RESOURCE_H_

#include <string>
#include <utility>
#include <vector>

namespace millrace::otlp {

// "service.name" and so on, with their values.
using Resource = std::vector<std::pair<std::string, std::string>>;

}  // namespace millrace::otlp

#endif  // MILLRACE_OTLP_RESOURCE_H_
