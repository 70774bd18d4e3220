// Parts of an open file as the body of a response. For static_files.cc.
#ifndef MILLRACE_HTTP_FILE_BODY_H_
#define MILLRACE_HTTP_FILE_BODY_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "http/byte_ranges.h"
#include "http/served_file.h"
#include "loop/event_loop.h"
#include "loop/stream.h"

namespace millrace::http {

// `text`, then these bytes of the file.
struct BodyPart {
  std::string text;
  ByteRange range;
};

// Reads when it is read, on the loop's worker pool, `chunk_bytes` at a time and
// nothing ahead. Fails with DATA_LOSS when the file has become shorter. The
// file is let go at the end, and when the stream is dropped. The loop outlives
// the stream.
Stream<std::string> FileBody(EventLoop& loop,
                             std::shared_ptr<const ServedFile> file,
                             std::vector<BodyPart> parts, size_t chunk_bytes);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_FILE_BODY_H_
