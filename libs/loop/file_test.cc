#include "loop/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/worker_pool.h"

namespace millrace::fs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "file_test-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~FileTest() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) const {
    return StrCat(directory_, "/", name);
  }
  std::string Contents(const std::string& name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // Runs the loop until nothing is left; what the promise became.
  template <typename T>
  StatusOrVoid<T> Outcome(Promise<T> promise) {
    auto outcome = AsStatusOr(std::move(promise));
    loop_.Run();
    return loop_internal::TakeValue(std::move(outcome));
  }

  EventLoop loop_;
  std::string directory_;
};

Promise<std::vector<std::string>> WriteThenRead(EventLoop& loop,
                                                std::string path) {
  File file = co_await File::Open(loop, path, OpenMode::kReadWrite);
  co_await file.Write("hello ");
  co_await file.Write("world");
  co_await file.WriteAt(0, "J");
  std::vector<std::string> parts;
  parts.push_back(co_await file.ReadAt(0, 5));
  parts.push_back(co_await file.ReadAt(6, 100));
  parts.push_back(co_await file.Read(10));  // where the writes have ended
  co_await file.Truncate(4);
  const FileInfo info = co_await file.Stat();
  parts.push_back(StrCat(info.size));
  co_await file.Sync();
  co_await file.Close();
  co_return parts;
}

TEST_F(FileTest, WritesAndReadsAtAnyPlace) {
  const auto parts = Outcome(WriteThenRead(loop_, Path("a")));
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_THAT(*parts, ElementsAre("Jello", "world", "", "4"));
  EXPECT_EQ(Contents("a"), "Jell");
}

Promise<void> BeyondAllOffsets(EventLoop& loop, std::string path) {
  File file = co_await File::Open(loop, path, OpenMode::kReadWrite);
  co_await file.Write("kept");
  const absl::Status wrote = co_await AsStatusOr(file.WriteAt(~0ull, "lost"));
  EXPECT_EQ(wrote.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(wrote)), HasSubstr(path));
  const auto read = co_await AsStatusOr(file.ReadAt(1ull << 63, 4));
  EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(FileTest, RefusesAnOffsetThatNoFileHas) {
  const absl::Status done = Outcome(BeyondAllOffsets(loop_, Path("a")));
  EXPECT_TRUE(done.ok()) << done;
  EXPECT_EQ(Contents("a"), "kept");
}

Promise<std::string> Overlapping(EventLoop& loop, std::string path) {
  File file = co_await File::Open(loop, path, OpenMode::kReadWrite);
  std::vector<Promise<void>> writes;
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    writes.push_back(file.Write(StrCat(i, ",")));
    expected += StrCat(i, ",");
  }
  Promise<std::string> read = file.ReadAt(0, 10'000);
  Promise<void> closed = file.Close();
  Promise<absl::Status> late = AsStatusOr(file.Write("x"));
  EXPECT_FALSE(writes.front().settled());
  co_await All(std::move(writes));
  EXPECT_EQ(co_await read, expected);
  co_await closed;
  const absl::Status status = co_await late;
  co_return status.ToString();
}

TEST_F(FileTest, OperationsKeepTheirOrderAndNoneFollowsClose) {
  const auto late = Outcome(Overlapping(loop_, Path("a")));
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_THAT(*late, HasSubstr("FAILED_PRECONDITION"));
  EXPECT_THAT(*late, HasSubstr(Path("a")));
}

Promise<void> Drop(EventLoop& loop, std::string path, Promise<void>* written) {
  File file = co_await File::Open(loop, path, OpenMode::kWrite);
  *written = file.Write(std::string(1 << 20, 'x'));
}

size_t OpenDescriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

TEST_F(FileTest, ADroppedFileEndsItsWorkAndIsClosed) {
  loop_.workers();
  loop_.Run();
  const size_t before = OpenDescriptors();
  Promise<void> written;
  EXPECT_TRUE(Outcome(Drop(loop_, Path("a"), &written)).ok());
  EXPECT_TRUE(written.settled() && !written.rejected());
  EXPECT_EQ(Contents("a").size(), 1u << 20);
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(FileTest, ModesDecideWhatIsMadeAndWhatIsKept) {
  std::ofstream(Path("there")) << "old";
  EXPECT_EQ(Outcome(File::Open(loop_, Path("none"))).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Outcome(File::Open(loop_, Path("there"), OpenMode::kCreate))
                .status()
                .code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(Outcome(AppendFile(loop_, Path("there"), "+new")).ok());
  EXPECT_EQ(Contents("there"), "old+new");
  EXPECT_TRUE(
      Outcome(File::Open(loop_, Path("there"), OpenMode::kReadWrite)).ok());
  EXPECT_EQ(Contents("there"), "old+new");
  EXPECT_TRUE(Outcome(File::Open(loop_, Path("there"), OpenMode::kWrite)).ok());
  EXPECT_EQ(Contents("there"), "");
}

TEST_F(FileTest, ErrorsNameThePathAndTheReason) {
  const absl::Status none = Outcome(ReadFile(loop_, Path("none"))).status();
  EXPECT_EQ(none, absl::NotFoundError(StrCat("cannot open '", Path("none"),
                                             "': No such file or directory")));
  const absl::Status directory = Outcome(ReadFile(loop_, directory_)).status();
  EXPECT_THAT(std::string(MessageOf(directory)), HasSubstr("Is a directory"));
  const absl::Status below = Outcome(WriteFile(loop_, Path("none/file"), "x"));
  EXPECT_EQ(below.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(below)), HasSubstr(Path("none/file")));
  const absl::Status rename =
      Outcome(Rename(loop_, Path("none"), Path("other")));
  EXPECT_EQ(rename.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(rename)), HasSubstr(Path("other")));
}

TEST_F(FileTest, WriteFileReplacesInOneStepAndLeavesNothingBehind) {
  std::ofstream(Path("a")) << "old and longer";
  std::ifstream reader(Path("a"));
  struct stat before;
  ASSERT_EQ(stat(Path("a").c_str(), &before), 0);
  EXPECT_TRUE(Outcome(WriteFile(loop_, Path("a"), "new")).ok());
  EXPECT_TRUE(Outcome(WriteFile(loop_, Path("b"), "quick",
                                {.permissions = 0600, .durable = false}))
                  .ok());
  struct stat after;
  ASSERT_EQ(stat(Path("a").c_str(), &after), 0);
  EXPECT_NE(before.st_ino, after.st_ino);
  EXPECT_EQ(Contents("a"), "new");
  // Who had it open still reads the old contents.
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}),
            "old and longer");
  EXPECT_EQ(Outcome(Stat(loop_, Path("b")))->permissions, 0600u);

  // A target that cannot be replaced: the temporary file goes.
  EXPECT_TRUE(Outcome(MakeDirectory(loop_, Path("d"))).ok());
  EXPECT_FALSE(Outcome(WriteFile(loop_, Path("d"), "x")).ok());
  const auto entries = Outcome(ReadDirectory(loop_, directory_));
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].name, "a");
  EXPECT_EQ((*entries)[2].name, "d");
}

TEST_F(FileTest, WholeFilesOfAnySizeUpToTheLimit) {
  std::string bytes;
  for (int i = 0; i < 100'000; ++i) bytes += StrCat(i, "\n");
  EXPECT_TRUE(Outcome(WriteFile(loop_, Path("big"), bytes)).ok());
  EXPECT_EQ(*Outcome(ReadFile(loop_, Path("big"))), bytes);
  EXPECT_EQ(*Outcome(ReadFile(loop_, Path("big"), bytes.size())), bytes);
  EXPECT_EQ(
      Outcome(ReadFile(loop_, Path("big"), bytes.size() - 1)).status().code(),
      absl::StatusCode::kResourceExhausted);
  // Says that it has no bytes, and has some.
  EXPECT_THAT(*Outcome(ReadFile(loop_, "/proc/self/stat")),
              HasSubstr(StrCat(getpid())));
}

TEST_F(FileTest, DirectoriesAreMadeListedAndRemoved) {
  EXPECT_EQ(Outcome(MakeDirectory(loop_, Path("x/y/z"))).code(),
            absl::StatusCode::kNotFound);
  EXPECT_TRUE(Outcome(MakeDirectory(loop_, Path("x/y/z"), true)).ok());
  EXPECT_TRUE(Outcome(MakeDirectory(loop_, Path("x/y/z"), true)).ok());
  EXPECT_EQ(Outcome(MakeDirectory(loop_, Path("x"))).code(),
            absl::StatusCode::kAlreadyExists);
  std::ofstream(Path("x/file")) << "12345";
  ASSERT_EQ(symlink("file", Path("x/link").c_str()), 0);
  // A file in the way is no directory.
  EXPECT_FALSE(Outcome(MakeDirectory(loop_, Path("x/file"), true)).ok());

  const auto entries = Outcome(ReadDirectory(loop_, Path("x")));
  ASSERT_TRUE(entries.ok());
  std::vector<std::string> seen;
  for (const DirectoryEntry& entry : *entries) {
    seen.push_back(StrCat(entry.name, " ", static_cast<int>(entry.kind)));
  }
  EXPECT_THAT(seen, ElementsAre("file 0", "link 2", "y 1"));
  EXPECT_EQ(Outcome(Stat(loop_, Path("x/link")))->size, 5u);

  EXPECT_FALSE(Outcome(RemoveDirectory(loop_, Path("x/y"))).ok());
  EXPECT_TRUE(Outcome(RemoveDirectory(loop_, Path("x/y/z"))).ok());
  EXPECT_TRUE(Outcome(Rename(loop_, Path("x/file"), Path("moved"))).ok());
  EXPECT_EQ(Contents("moved"), "12345");
  EXPECT_TRUE(Outcome(Unlink(loop_, Path("moved"))).ok());
  EXPECT_EQ(Outcome(Stat(loop_, Path("moved"))).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(FileTest, ThePoolSeesWhatFilesTake) {
  EXPECT_TRUE(Outcome(WriteFile(loop_, Path("a"), "x")).ok());
  EXPECT_EQ(loop_.workers().run_times().count(), 1u);
}

}  // namespace
}  // namespace millrace::fs
