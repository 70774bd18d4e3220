// The line before each chunk of a chunked body (RFC 9112, 7.1): its size in
// hexadecimal and, rarely, extensions. A pure function.
#ifndef MILLRACE_HTTP_CHUNK_SIZE_H_
#define MILLRACE_HTTP_CHUNK_SIZE_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::http {

struct ChunkSize {
  uint64_t size = 0;
  std::string_view extensions;
};

// Of a line without its end. Nothing when it is malformed or the size has more
// than 64 bits.
std::optional<ChunkSize> ParseChunkSize(std::string_view line);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_CHUNK_SIZE_H_
