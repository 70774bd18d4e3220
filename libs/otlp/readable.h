// Bytes as a text that protobuf and JSON take. Pure, any thread.
#ifndef MILLRACE_OTLP_READABLE_H_
#define MILLRACE_OTLP_READABLE_H_

#include <string>
#include <string_view>

namespace millrace::otlp {

// `bytes` with '?' in place of each byte that is not part of a well-formed
// UTF-8 sequence.
std::string Readable(std::string_view bytes);

}  // namespace millrace::otlp

#endif  // MILLRACE_OTLP_READABLE_H_
