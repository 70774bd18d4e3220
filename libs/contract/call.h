// What a handler knows of the call it answers, besides the request.
//
// Copyable. A `const Call&` handed to a handler lives until the promise that
// the handler returned has settled; handlers that return a stream copy what
// they need before they suspend.
#ifndef MILLRACE_CONTRACT_CALL_H_
#define MILLRACE_CONTRACT_CALL_H_

#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "loop/abort.h"

namespace millrace {

struct Call {
  CallContext context;
  // Aborted when the caller gave up or its deadline has passed.
  AbortSignal signal;
};

// Headers, with lower-case names, in their order.
using Metadata = std::vector<std::pair<std::string, std::string>>;

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_CALL_H_
