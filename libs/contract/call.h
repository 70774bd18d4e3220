// What a handler knows of the call it answers, besides the request.
//
// Copyable. A `const Call&` handed to a handler lives until the promise that
// the handler returned has settled; handlers that return a stream copy what
// they need before they suspend.
#ifndef MILLRACE_CONTRACT_CALL_H_
#define MILLRACE_CONTRACT_CALL_H_

#include "base/context.h"
#include "contract/reply_metadata.h"
#include "loop/abort.h"

namespace millrace {

struct Call {
  CallContext context;
  // Aborted when the caller gave up or its deadline has passed.
  AbortSignal signal;
  // What came beside the request; clients do not pass it on. "-bin" values are
  // the bytes that were meant.
  Metadata metadata;
  // What goes beside the answer.
  ReplyMetadata reply;
};

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_CALL_H_
