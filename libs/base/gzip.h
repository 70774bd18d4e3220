// gzip (RFC 1952) of whole messages. Pure functions, any thread. A MiB of text
// takes about 10 ms to compress and 4 ms to expand: a loop keeps to small ones.
#ifndef MILLRACE_BASE_GZIP_H_
#define MILLRACE_BASE_GZIP_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace millrace {

// Whether a message of that size gains from it: not below `from` bytes, and not
// above 1 MiB, which would hold up a loop.
bool WorthGzip(size_t size, size_t from);

// At zlib's fastest level.
std::string Gzip(std::string_view bytes);

// INVALID_ARGUMENT when `bytes` are no gzip, end too early or have something
// behind them; RESOURCE_EXHAUSTED as soon as more than `limit` bytes come out:
// a few bytes may stand for gigabytes.
absl::StatusOr<std::string> Gunzip(std::string_view bytes, size_t limit);

}  // namespace millrace

#endif  // MILLRACE_BASE_GZIP_H_
