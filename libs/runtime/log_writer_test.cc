#include "runtime/log_writer.h"

#include <gtest/gtest.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "base/strings.h"

namespace millrace::runtime {
namespace {

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe(ends_), 0); }
  ~Pipe() {
    close(ends_[0]);
    CloseWriting();
  }

  int writing() const { return ends_[1]; }
  void CloseWriting() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }

  // One read: what is there, or what comes first.
  std::string Read() const {
    std::string text(1 << 16, '\0');
    const ssize_t size = read(ends_[0], text.data(), text.size());
    text.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return text;
  }
  std::string ReadToTheEnd() const {
    std::string all;
    for (std::string piece = Read(); !piece.empty(); piece = Read()) {
      all += piece;
    }
    return all;
  }

 private:
  int ends_[2];
};

TEST(LogWriter, WritesALineThatComesAlone) {
  const Pipe pipe;
  LogWriter writer(pipe.writing(), 100);
  for (const char* line : {"one", "two", "three"}) {
    writer.Write(line);
    EXPECT_EQ(pipe.Read(), StrCat(line, "\n"));
  }
}

TEST(LogWriter, KeepsTheOrderOfEachThread) {
  constexpr int kLines = 500;
  Pipe pipe;
  std::string text;
  std::thread reader([&] { text = pipe.ReadToTheEnd(); });
  {
    LogWriter writer(pipe.writing(), 2 * kLines);
    std::vector<std::thread> threads;
    for (const char* name : {"a", "b"}) {
      threads.emplace_back([&writer, name] {
        for (int i = 0; i < kLines; ++i) writer.Write(StrCat(name, i));
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(writer.dropped(), 0u);
  }
  pipe.CloseWriting();
  reader.join();
  for (const char* name : {"a", "b"}) {
    size_t at = 0;
    for (int i = 0; i < kLines; ++i) {
      const std::string line = StrCat(name, i, "\n");
      const size_t found = text.find(line, at);
      ASSERT_NE(found, std::string::npos) << line;
      at = found + line.size();
    }
  }
}

// Nobody reads: the pipe is full, the thread stands, and so many lines wait.
TEST(LogWriter, DropsTheOldestAndCountsThem) {
  constexpr int kLines = 3000;
  Pipe pipe;
  const std::string padding(100, '.');
  LogWriter writer(pipe.writing(), 10);
  for (int i = 0; i < kLines; ++i) writer.Write(StrCat(padding, i));
  std::string text;
  std::thread reader([&] { text = pipe.ReadToTheEnd(); });
  writer.Close();
  pipe.CloseWriting();
  reader.join();
  const auto lines = std::count(text.begin(), text.end(), '\n');
  EXPECT_GT(writer.dropped(), 0u);
  EXPECT_EQ(static_cast<uint64_t>(lines) + writer.dropped(),
            static_cast<uint64_t>(kLines));
  // The newest are there.
  EXPECT_NE(text.find(StrCat(padding, kLines - 1, "\n")), std::string::npos);
}

TEST(LogWriter, WritesWhatWaitsWhenItIsClosed) {
  Pipe pipe;
  LogWriter writer(pipe.writing(), 100);
  for (int i = 0; i < 50; ++i) writer.Write(StrCat("line ", i));
  writer.Close();
  writer.Write("too late");
  writer.Close();
  pipe.CloseWriting();
  const std::string text = pipe.ReadToTheEnd();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 50);
  EXPECT_EQ(text.find("too late"), std::string::npos);
}

// The reader is there, but stopped.
TEST(LogWriter, EndsWhenNobodyReadsAndCountsWhatIsLost) {
  constexpr int kLines = 2000;
  Pipe pipe;
  const std::string padding(100, '.');
  LogWriter writer(pipe.writing(), kLines);
  for (int i = 0; i < kLines / 2; ++i) writer.Write(StrCat(padding, i));
  // The thread has taken these, and stands; the rest waits behind them.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  for (int i = kLines / 2; i < kLines; ++i) writer.Write(StrCat(padding, i));
  writer.Close();
  pipe.CloseWriting();
  const std::string text = pipe.ReadToTheEnd();
  const auto lines = std::count(text.begin(), text.end(), '\n');
  EXPECT_GT(lines, 0);
  EXPECT_GT(writer.dropped(), 0u);
  EXPECT_EQ(static_cast<uint64_t>(lines) + writer.dropped(),
            static_cast<uint64_t>(kLines));
}

TEST(LogWriter, SplitsOnlyBetweenLines) {
  Pipe pipe;
  const std::string longer(3 * PIPE_BUF, 'x');
  std::string text;
  std::thread reader([&] { text = pipe.ReadToTheEnd(); });
  {
    LogWriter writer(pipe.writing(), 100);
    writer.Write("short");
    writer.Write(longer);
    writer.Write("short");
  }
  pipe.CloseWriting();
  reader.join();
  EXPECT_EQ(text, StrCat("short\n", longer, "\nshort\n"));
}

TEST(LogWriter, OutlivesADescriptorThatTakesNothing) {
  LogWriter writer(-1, 10);
  for (int i = 0; i < 100; ++i) writer.Write("line");
  writer.Close();
}

}  // namespace
}  // namespace millrace::runtime
