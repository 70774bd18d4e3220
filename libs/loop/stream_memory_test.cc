// A slow reader bounds memory: 1 GiB goes through each stream, and what the
// process holds in memory meanwhile does not grow with it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "loop/event_loop.h"
#include "loop/file_chunks.h"
#include "loop/push_stream.h"
#include "loop/stream.h"
#include "loop/testing/resident_bytes.h"

namespace millrace {
namespace {

constexpr size_t kChunk = 256 * 1024;
constexpr size_t kTotal = size_t{1} << 30;
constexpr size_t kMarks = 8;  // chunks, so 2 MiB
// An unbounded queue would need 16 times as much.
constexpr int64_t kAllowed = 64 << 20;

class StreamMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
#ifdef MILLRACE_SANITIZED
    GTEST_SKIP() << "a sanitizer keeps what was freed";
#endif
  }

  // Takes one chunk in each turn of the loop.
  Promise<void> ReadSlowly(Stream<std::string> stream) {
    const int64_t before = ResidentBytes();
    while (std::optional<std::string> chunk = co_await stream.Next()) {
      read_ += chunk->size();
      if (++count_ % 16 == 0) {
        most_ = std::max(most_, ResidentBytes() - before);
      }
      co_await Turn();
    }
  }

  void Expect(const Promise<void>& reading) {
    loop_.Run();
    ASSERT_TRUE(reading.settled() && !reading.rejected());
    EXPECT_EQ(read_, kTotal);
    EXPECT_LT(most_, kAllowed);
  }

  Promise<void> Turn() {
    const Deferred<void> turn;
    loop_.SetImmediate([turn] { turn.Resolve(); });
    return turn.promise();
  }

  EventLoop loop_;
  size_t read_ = 0;
  size_t count_ = 0;
  int64_t most_ = 0;
};

Promise<void> WriteFast(StreamWriter<std::string> writer) {
  for (size_t sent = 0; sent < kTotal; sent += kChunk) {
    co_await writer.Write(std::string(kChunk, 'x'));
  }
  writer.Close();
}

TEST_F(StreamMemoryTest, OfAPipe) {
  auto [writer, stream] = MakePipe<std::string>(kMarks);
  WriteFast(std::move(writer)).Detach();
  Expect(ReadSlowly(std::move(stream)));
}

TEST_F(StreamMemoryTest, OfAPipeThroughOperators) {
  auto [writer, stream] = MakePipe<std::string>(kMarks);
  WriteFast(std::move(writer)).Detach();
  auto out = MakePipe<std::string>(kMarks);
  std::move(stream)
      .Filter([](const std::string&) { return true; })
      .Map([](std::string chunk) { return chunk; })
      .PipeTo(out.writer)
      .Detach();
  Expect(ReadSlowly(std::move(out.stream)));
}

// Calls back 4 times in each turn until it is paused.
class Device {
 public:
  explicit Device(EventLoop& loop) : loop_(loop) {
    PushOptions options;
    options.high_water = kMarks;
    options.pause = [this] { paused_ = true; };
    options.resume = [this] {
      paused_ = false;
      Arm();
    };
    stream_ = MakePushStream<std::string>(std::move(options));
    Arm();
  }

  Stream<std::string> TakeStream() { return std::move(stream_.stream); }

 private:
  void Arm() {
    loop_.SetImmediate([this] { Deliver(); });
  }

  void Deliver() {
    for (int i = 0; i < 4 && sent_ < kTotal; ++i, sent_ += kChunk) {
      stream_.source.Push(std::string(kChunk, 'x'));
    }
    if (sent_ >= kTotal) return stream_.source.End();
    if (!paused_) Arm();
  }

  EventLoop& loop_;
  PushStream<std::string> stream_;
  bool paused_ = false;
  size_t sent_ = 0;
};

TEST_F(StreamMemoryTest, OfCallbacks) {
  Device device(loop_);
  Expect(ReadSlowly(device.TakeStream()));
}

TEST_F(StreamMemoryTest, OfAFile) {
  std::string path = testing::TempDir() + "memory.XXXXXX";
  const int fd = mkstemp(path.data());
  ASSERT_EQ(ftruncate(fd, kTotal), 0);  // a hole, which takes no disk
  close(fd);
  ReadChunksOptions options;
  options.chunk_bytes = 8 * kChunk;  // fewer hops between threads
  options.ahead = 2;
  Expect(ReadSlowly(ReadChunks(path, options)));
  std::remove(path.c_str());
}

}  // namespace
}  // namespace millrace
