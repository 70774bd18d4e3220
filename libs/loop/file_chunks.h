// A file as a stream of pieces, read on the loop's worker pool.
//
// At most `ahead` pieces have been read and not been taken: a slow reader holds
// the file back. Opened with the first read, which begins at once; closed, on
// the pool, at the end and when the stream is dropped. Also for named pipes,
// whose pieces are what a read gives. Fails with the status of the errno,
// naming the path. Loop-bound.
#ifndef MILLRACE_LOOP_FILE_CHUNKS_H_
#define MILLRACE_LOOP_FILE_CHUNKS_H_

#include <cstddef>
#include <string>

#include "loop/stream.h"

namespace millrace {

struct ReadChunksOptions {
  size_t chunk_bytes = 64 * 1024;  // the last piece may be smaller
  size_t ahead = 2;
};

Stream<std::string> ReadChunks(std::string path,
                               ReadChunksOptions options = {});

}  // namespace millrace

#endif  // MILLRACE_LOOP_FILE_CHUNKS_H_
