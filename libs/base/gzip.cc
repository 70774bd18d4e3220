#include "base/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/status.h"
#include "base/strings.h"

namespace millrace {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, gzip's frame
constexpr size_t kStep = 64 << 10;
constexpr size_t kLargest = 1 << 20;

// zlib reads through pointers that are not const, and counts in 32 bits.
void SetInput(std::string_view bytes, z_stream* stream) {
  stream->next_in =
      reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT
  stream->avail_in = static_cast<uInt>(bytes.size());
}

struct Inflater {
  Inflater() { ready = inflateInit2(&stream, kGzipWindow) == Z_OK; }
  ~Inflater() {
    if (ready) inflateEnd(&stream);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream{};
  bool ready = false;
};

absl::Status Broken(const z_stream& stream) {
  return absl::InvalidArgumentError(
      StrCat("the message is not whole in gzip, as its encoding says (",
             stream.msg != nullptr ? stream.msg : "it ends too early", ")"));
}

}  // namespace

bool WorthGzip(size_t size, size_t from) {
  return size >= from && size <= kLargest;
}

std::string Gzip(std::string_view bytes) {
  z_stream stream{};
  if (bytes.size() > std::numeric_limits<uInt>::max() ||
      deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    Throw(absl::ResourceExhaustedError(
        StrCat(bytes.size(), " bytes cannot be compressed")));
  }
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())),
                  '\0');
  SetInput(bytes, &stream);
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);  // has the room that it asked for
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

absl::StatusOr<std::string> Gunzip(std::string_view bytes, size_t limit) {
  Inflater inflater;
  z_stream& stream = inflater.stream;
  if (!inflater.ready || bytes.size() > std::numeric_limits<uInt>::max()) {
    return absl::ResourceExhaustedError(
        StrCat(bytes.size(), " bytes of gzip cannot be expanded"));
  }
  SetInput(bytes, &stream);
  std::string out;
  for (;;) {
    const size_t had = out.size();
    // One byte beyond the limit tells that there is more.
    out.resize(std::min(had + kStep, limit + 1));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + had);
    stream.avail_out = static_cast<uInt>(out.size() - had);
    const int code = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (out.size() > limit) {
      return absl::ResourceExhaustedError(
          StrCat("the message is larger than ", limit,
                 " bytes when it is expanded; send it in parts"));
    }
    if (code == Z_STREAM_END) break;
    if (code != Z_OK || (stream.avail_in == 0 && out.size() == had)) {
      return Broken(stream);
    }
  }
  if (stream.avail_in > 0) {
    return absl::InvalidArgumentError(
        StrCat(stream.avail_in, " bytes stand behind the message's gzip"));
  }
  return out;
}

}  // namespace millrace
