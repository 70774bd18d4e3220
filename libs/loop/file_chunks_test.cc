#include "loop/file_chunks.h"

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "loop/worker_pool.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

size_t OpenFiles() {
  size_t count = 0;
  DIR* dir = opendir("/proc/self/fd");
  while (readdir(dir) != nullptr) ++count;
  closedir(dir);
  return count;
}

class FileChunksTest : public testing::Test {
 protected:
  FileChunksTest() : path_(testing::TempDir() + "chunks.XXXXXX") {
    close(mkstemp(path_.data()));
    loop_.workers();  // has descriptors of its own, perhaps
  }
  ~FileChunksTest() override { std::remove(path_.c_str()); }

  void Fill(const std::string& text) { std::ofstream(path_) << text; }

  ReadChunksOptions Small(size_t ahead = 2) const {
    ReadChunksOptions options;
    options.chunk_bytes = 4;
    options.ahead = ahead;
    return options;
  }

  EventLoop loop_;
  std::string path_;
};

TEST_F(FileChunksTest, GivesTheFileInPiecesAndClosesIt) {
  Fill("abcdefghij");
  const size_t before = OpenFiles();
  auto chunks = ReadChunks(path_, Small()).Collect();
  loop_.Run();
  EXPECT_THAT(chunks.value(), ElementsAre("abcd", "efgh", "ij"));
  EXPECT_EQ(OpenFiles(), before);
  Fill("");
  auto none = ReadChunks(path_).Collect();
  loop_.Run();
  EXPECT_TRUE(none.value().empty());
}

TEST_F(FileChunksTest, ReadsNoFurtherAheadThanAllowed) {
  Fill("aaaabbbbccccddddeeee");
  Stream<std::string> chunks = ReadChunks(path_, Small(2));
  loop_.Run();
  // What is in the file now is read from the third piece on.
  Fill("AAAABBBBCCCCDDDDEEEE");
  auto all = std::move(chunks).Collect();
  loop_.Run();
  EXPECT_THAT(all.value(), ElementsAre("aaaa", "bbbb", "CCCC", "DDDD", "EEEE"));
}

TEST_F(FileChunksTest, ADroppedStreamClosesTheFile) {
  Fill("aaaabbbbccccdddd");
  const size_t before = OpenFiles();
  {
    Stream<std::string> chunks = ReadChunks(path_, Small());
    loop_.Run();
    EXPECT_EQ(OpenFiles(), before + 1);
  }
  loop_.Run();
  EXPECT_EQ(OpenFiles(), before);
}

TEST_F(FileChunksTest, ErrorsNameTheFile) {
  auto missing = AsStatusOr(ReadChunks(path_ + ".no").Drain());
  auto folder = AsStatusOr(ReadChunks(testing::TempDir()).Drain());
  loop_.Run();
  EXPECT_EQ(missing.value().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(missing.value())),
              HasSubstr(StrCat("cannot open ", path_, ".no")));
  EXPECT_THAT(std::string(MessageOf(folder.value())), HasSubstr("cannot read"));
}

}  // namespace
}  // namespace millrace
