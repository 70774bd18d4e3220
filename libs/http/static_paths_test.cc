// Paths and files that must not be served.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "http/served_file.h"
#include "http/static_fixture.h"

namespace millrace::http {
namespace {

using testing::HasSubstr;
using testing::Not;

class StaticPathsTest : public StaticFixture {
 protected:
  StaticPathsTest() {
    std::ofstream(directory_ + "/secret.txt") << "classified";
    std::filesystem::create_directory(directory_ + "/root-other");
    std::ofstream(directory_ + "/root-other/x.txt") << "classified";
    Write("a.txt", "a");
    Write("sub/b.txt", "b");
  }

  void ExpectRefused(std::string_view path) {
    const TestResponse got = Get(path);
    EXPECT_TRUE(got.status == 404 || got.status == 400)
        << path << ": " << got.status;
    EXPECT_THAT(got.body, Not(HasSubstr("classified"))) << path;
    EXPECT_THAT(got.body, Not(HasSubstr(directory_))) << path;
  }
};

TEST_F(StaticPathsTest, RefusesPathsThatLeadOut) {
  ServeFiles();
  Serve([this] {
    for (const std::string_view path : {"../secret.txt",
                                        "sub/../../secret.txt",
                                        "%2e%2e/secret.txt",
                                        "..%2fsecret.txt",
                                        "sub%2f..%2f..%2fsecret.txt",
                                        ".%2e/secret.txt",
                                        "%252e%252e/secret.txt",
                                        "..%5csecret.txt",
                                        "..\\secret.txt",
                                        "sub\\..\\..\\secret.txt",
                                        "/etc/passwd",
                                        "%2fetc%2fpasswd",
                                        "//etc/passwd",
                                        "../root-other/x.txt",
                                        "a.txt%00.css",
                                        "%00",
                                        "./a.txt",
                                        "sub/./b.txt",
                                        "sub//b.txt",
                                        "sub//",
                                        "a.txt%0a",
                                        "a.txt/",
                                        "a.txt/..",
                                        "a.txt::$DATA",
                                        "....//secret.txt",
                                        "..;/secret.txt",
                                        "%c0%ae%c0%ae/secret.txt"}) {
      ExpectRefused(path);
    }
    ExpectRefused(std::string(5000, 'x'));
    ExpectRefused("sub%2fb.txt");
    EXPECT_EQ(Get("sub/b.txt").body, "b");
    EXPECT_EQ(Get("s%75b/b%2etxt").body, "b");
  });
}

TEST_F(StaticPathsTest, HidesDotFiles) {
  Write(".env", "classified");
  Write(".git/config", "classified");
  Write("sub/.x/y", "classified");
  ServeFiles();
  Serve([this] {
    for (const std::string_view path :
         {".env", "%2eenv", ".git/config", ".git", ".git/", "sub/.x/y"}) {
      ExpectRefused(path);
    }
  });
}

TEST_F(StaticPathsTest, ServesDotFilesWhenTold) {
  Write(".well-known/x", "known");
  ServeFiles({.dot_files = true});
  Serve([this] {
    EXPECT_EQ(Get(".well-known/x").body, "known");
    ExpectRefused("../secret.txt");
    ExpectRefused("%2e%2e%2fsecret.txt");
  });
}

TEST_F(StaticPathsTest, LinksMustNotLeadOut) {
  namespace fs = std::filesystem;
  fs::create_symlink("sub/b.txt", root_ + "/inside");
  fs::create_symlink("../a.txt", root_ + "/sub/up");
  fs::create_symlink("../secret.txt", root_ + "/out");
  fs::create_symlink(directory_ + "/secret.txt", root_ + "/absolute");
  fs::create_symlink("../root-other", root_ + "/folder");
  fs::create_symlink("sub/../../secret.txt", root_ + "/winding");
  fs::create_symlink("loop", root_ + "/loop");
  fs::create_symlink("/proc/self/root", root_ + "/magic");
  fs::create_symlink("/dev/zero", root_ + "/zero");
  Write("c.txt", "c");
  fs::create_symlink("../secret.txt", root_ + "/c.txt.gz");
  ServeFiles();
  Serve([this] {
    EXPECT_EQ(Get("inside").body, "b");
    EXPECT_EQ(Get("sub/up").body, "a");
    for (const std::string_view path :
         {"out", "absolute", "folder/x.txt", "folder/", "folder", "winding",
          "loop", "magic/etc/passwd", "zero"}) {
      ExpectRefused(path);
    }
    EXPECT_EQ(Get("c.txt", "Accept-Encoding: gzip\r\n").body, "c");
  });
}

TEST_F(StaticPathsTest, OnlyRegularFilesAndNothingBlocks) {
  ASSERT_EQ(mkfifo((root_ + "/fifo").c_str(), 0600), 0);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = root_ + "/socket";
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  std::strcpy(address.sun_path, path.c_str());
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
            0);
  ServeFiles();
  Serve([this] {
    ExpectRefused("fifo");
    ExpectRefused("fifo/");
    ExpectRefused("socket");
  });
  close(fd);
}

TEST_F(StaticPathsTest, ARootMayBePutInPlaceOfAnother) {
  std::filesystem::create_symlink(root_, directory_ + "/current");
  router_.Get("/files/*path",
              StaticFiles(loop_, {.root = directory_ + "/current"}));
  Serve([this] {
    EXPECT_EQ(Get("a.txt").body, "a");
    std::filesystem::create_symlink("root-other", directory_ + "/next");
    std::filesystem::rename(directory_ + "/next", directory_ + "/current");
    EXPECT_EQ(Get("a.txt").status, 404);
    EXPECT_EQ(Get("x.txt").body, "classified");
  });
}

// What is done where the kernel has no openat2.
TEST_F(StaticPathsTest, StepwiseFollowsNoLinks) {
  namespace fs = std::filesystem;
  fs::create_symlink("../secret.txt", root_ + "/out");
  fs::create_symlink("sub", root_ + "/link");
  fs::create_symlink("a.txt", root_ + "/inside");
  const int root = open(root_.c_str(), O_PATH | O_DIRECTORY);
  for (const OpenWay way : {OpenWay::kKernel, OpenWay::kStepwise}) {
    const auto error = [&](std::string_view path) {
      return OpenBeneath(root, path, way).error;
    };
    const OpenedFile opened = OpenBeneath(root, "sub/b.txt", way);
    ASSERT_EQ(opened.error, 0);
    EXPECT_TRUE(opened.IsKind(S_IFREG));
    EXPECT_EQ(opened.file->Read(0, 1), "b");
    EXPECT_TRUE(OpenBeneath(root, "", way).IsKind(S_IFDIR));
    EXPECT_TRUE(OpenBeneath(root, "sub", way).IsKind(S_IFDIR));
    EXPECT_EQ(error("none"), ENOENT);
    EXPECT_EQ(error("a.txt/x"), ENOTDIR);
    EXPECT_EQ(error("../secret.txt"), EXDEV);
    EXPECT_EQ(error("/etc/passwd"), EXDEV);
    const bool follows = way == OpenWay::kKernel;
    EXPECT_EQ(error("out"), follows ? EXDEV : ELOOP);
    EXPECT_EQ(error("inside"), follows ? 0 : ELOOP);
    EXPECT_NE(error("link/../../secret.txt"), 0);
    EXPECT_EQ(error("link/b.txt") == 0, follows);
  }
  close(root);
}

}  // namespace
}  // namespace millrace::http
