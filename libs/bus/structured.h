// Structured mode of CloudEvents: the whole event is one JSON object. Read
// only; the bus writes binary mode. Pure functions, any thread.
#ifndef MILLRACE_BUS_STRUCTURED_H_
#define MILLRACE_BUS_STRUCTURED_H_

#include <string_view>

#include "absl/status/status.h"
#include "contract/event.h"

namespace millrace::bus {

// Whether this content type says that the value is a whole event.
bool IsStructured(std::string_view content_type);

// Fills `event` from the JSON. What the JSON does not have stays as it is;
// extensions are added. INVALID_ARGUMENT says what is missing or wrong.
//
// "data" that is an object stays JSON and gets the content type
// application/json; numbers beyond 2^53 in it lose digits, as the CloudEvents
// JSON format allows (proto3 JSON writes them as strings).
absl::Status ParseStructured(std::string_view json, EventEnvelope* event);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_STRUCTURED_H_
