// Files of a folder as a handler:
//
//   router.Get("/assets/*path", StaticFiles(loop, {.root = "/srv/assets"}));
//
// The route's *path names the file. GET and HEAD, with Content-Type by the
// name, ETag and Last-Modified and the conditions on them, ranges (several as
// multipart/byteranges), and `name.gz` beside a file for clients that take
// gzip and ask for no range, unless it is older than the file. A folder's path
// without its last slash is redirected to the one with it, which is answered
// by the folder's index. Folders are not listed.
//
// Nothing outside of the root is served: paths with "..", "\", a control
// character, an empty segment or an escaped slash are 404, and so are symbolic
// links that lead out of the root or are absolute (any, where the kernel has no
// openat2), names that begin with a dot, and what is neither a file nor a
// folder. The root is looked up for each request, so that a deployment may put
// another in its place.
//
// Files are read on the loop's worker pool, as fast as the client takes them
// and `chunk_bytes` at a time. A file that becomes shorter while it is sent
// cuts the connection. To change a file put a new one in its place (by rename):
// who has the old one open gets that to its end. A file's ETag is weak, and
// ranges are not continued by it, for two seconds after a change: another might
// leave its time the same.
#ifndef MILLRACE_HTTP_STATIC_FILES_H_
#define MILLRACE_HTTP_STATIC_FILES_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "http/message.h"
#include "loop/event_loop.h"

namespace millrace::http {

struct StaticOptions {
  std::string root;
  std::string index = "index.html";  // a file's name; empty: folders are 404
  // How long clients and caches may use a file without asking again; with zero
  // they ask each time.
  absl::Duration max_age = absl::ZeroDuration();
  // For names that change with the contents: within max_age nobody asks, not
  // even when the user reloads.
  bool immutable = false;
  bool precompressed = true;  // look for name.gz
  bool dot_files = false;     // serve names that begin with a dot
  // A request for more ranges is answered with the whole file.
  size_t max_ranges = 16;
  size_t chunk_bytes = 64 << 10;

  absl::Status Validate() const;
};

// Throws StatusError for bad options: INVALID_ARGUMENT, NOT_FOUND when the root
// is no folder. The loop must outlive the handler.
Handler StaticFiles(EventLoop& loop, StaticOptions options);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_STATIC_FILES_H_
