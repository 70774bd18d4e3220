// Identifiers: UUIDs of version 7 (RFC 9562), which sort by their creation
// time to the millisecond, and those of one thread in the order in which they
// were made. Thread-safe.
#ifndef MILLRACE_BASE_IDS_H_
#define MILLRACE_BASE_IDS_H_

#include <string>
#include <string_view>

namespace millrace {

// A new UUIDv7 in its 36-character lower-case form.
std::string NewId();

// Whether `text` is a UUID of any version in the 36-character form.
bool IsUuid(std::string_view text);

}  // namespace millrace

#endif  // MILLRACE_BASE_IDS_H_
