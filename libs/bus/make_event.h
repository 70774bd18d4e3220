// A new event from a payload: its id, time, trace and cause. Any thread.
#ifndef MILLRACE_BUS_MAKE_EVENT_H_
#define MILLRACE_BUS_MAKE_EVENT_H_

#include <string>

#include "base/clock.h"
#include "base/context.h"
#include "contract/event.h"

namespace millrace::bus {

// The trace is that of `context`, or a new one; so are the actor and the cause,
// if there are any.
EventEnvelope MakeEvent(const CallContext& context, const Clock& clock,
                        const std::string& source, const EventInfo& info,
                        const google::protobuf::Message& payload,
                        std::string key);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_MAKE_EVENT_H_
