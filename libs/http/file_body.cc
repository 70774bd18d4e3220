#include "http/file_body.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/status.h"
#include "loop/worker_pool.h"

namespace millrace::http {
namespace {

using Piece = std::optional<std::string>;

// What a stream and its reads share.
struct Reading {
  EventLoop& loop;
  std::shared_ptr<const ServedFile> file;
  std::vector<BodyPart> parts;
  size_t chunk_bytes;
  size_t at = 0;            // the part
  Promise<void> last = {};  // the end of the latest read; never rejected
  absl::Status gone = absl::OkStatus();

  void End(const absl::Status& status) {
    gone.Update(status);
    at = parts.size();
    file.reset();
  }
};

struct Turn {
  ~Turn() { ended.Resolve(); }
  Deferred<void> ended;
};

Promise<Piece> ReadNext(std::shared_ptr<Reading> reading) {
  const Turn turn;
  const Promise<void> before =
      std::exchange(reading->last, turn.ended.promise());
  if (before.valid()) co_await before;
  ThrowIfError(reading->gone);
  while (reading->at < reading->parts.size()) {
    BodyPart& part = reading->parts[reading->at];
    if (!part.text.empty()) co_return Piece(std::exchange(part.text, {}));
    if (part.range.size == 0) {
      ++reading->at;
      continue;
    }
    const uint64_t offset = part.range.first;
    const size_t bytes = static_cast<size_t>(
        std::min<uint64_t>(part.range.size, reading->chunk_bytes));
    part.range.first += bytes;
    part.range.size -= bytes;
    Promise<std::string> data =
        reading->loop.workers().Run([file = reading->file, offset, bytes] {
          return file->Read(offset, bytes);
        });
    Piece piece;
    try {
      piece = co_await std::move(data);
    } catch (const StatusError& error) {
      reading->End(error.status());
    }
    ThrowIfError(reading->gone);
    co_return piece;
  }
  reading->End(absl::OkStatus());
  co_return std::nullopt;
}

class FileSource final : public StreamSource<std::string> {
 public:
  explicit FileSource(std::shared_ptr<Reading> reading)
      : reading_(std::move(reading)) {}

  Promise<Piece> Next() override { return ReadNext(reading_); }
  void Cancel(absl::Status reason) override { reading_->End(reason); }

 private:
  const std::shared_ptr<Reading> reading_;
};

}  // namespace

Stream<std::string> FileBody(EventLoop& loop,
                             std::shared_ptr<const ServedFile> file,
                             std::vector<BodyPart> parts, size_t chunk_bytes) {
  return Stream<std::string>(
      std::make_unique<FileSource>(std::make_shared<Reading>(
          Reading{loop, std::move(file), std::move(parts), chunk_bytes})));
}

}  // namespace millrace::http
