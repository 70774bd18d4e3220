// The headers of a record: looked up, and packed into bytes for a column.
// Pure functions, any thread.
//
// Names that the bus itself writes begin with "millrace-"; see dead_letter.h
// for most of them.
#ifndef MILLRACE_BUS_HEADERS_H_
#define MILLRACE_BUS_HEADERS_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "contract/call.h"

namespace millrace::bus {

// The value of the last header of this name (the last one counts, as in
// Kafka), or nothing.
std::optional<std::string_view> FindHeader(const Metadata& headers,
                                           std::string_view name);

// Takes all headers out whose name begins with `prefix`.
void RemoveHeaders(Metadata& headers, std::string_view prefix);

// For each header the length of the name, the name, the length of the value,
// the value; lengths are 4 bytes, little-endian. Keeps order and duplicates.
std::string PackHeaders(const Metadata& headers);

// DATA_LOSS when `bytes` was not made by PackHeaders.
absl::StatusOr<Metadata> UnpackHeaders(std::string_view bytes);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_HEADERS_H_
