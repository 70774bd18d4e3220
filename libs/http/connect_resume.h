// Streams that can be gone on with, as Server-Sent Events are; for connect*.cc.
// Pure.
//
// A server stream is one when its request has the field `optional string after`
// and its answers `string position`: `after` is the position of the last answer
// that the caller has had, "" says that it has had none and wants positions.
// Then Last-Event-ID is `after`, and `position` the id of the event.
#ifndef MILLRACE_HTTP_CONNECT_RESUME_H_
#define MILLRACE_HTTP_CONNECT_RESUME_H_

#include <string>

#include "contract/service.h"
#include "http/message.h"

namespace millrace::http {

// Whether the method has such streams. The others below are for those alone.
bool CanGoOn(const MethodInfo& method);

// Sets `after` of the message of `request` to what Last-Event-ID says, or,
// unless the message has one, to "".
void SetAfter(const Request& request, Message* message);

struct AnswerPosition {
  std::string id;      // empty: the answer has none
  bool alone = false;  // and nothing else
};
AnswerPosition PositionOf(const Message& answer);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_CONNECT_RESUME_H_
