#include "tools/millrace/session_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "base/strings.h"

namespace millrace::cli {
namespace {

namespace fs = std::filesystem;
using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class SessionFileTest : public ::testing::Test {
 protected:
  SessionFileTest() {
    std::string name =
        fs::path(::testing::TempDir()) / "millrace_session_XXXXXX";
    folder_ = mkdtemp(name.data());
    path_ = folder_ / "state" / "millrace" / "session";
  }
  ~SessionFileTest() override { fs::remove_all(folder_); }

  static LoginSession Some(const std::string& token) {
    LoginSession session = {.targets = {"users:9090", "admin:9090"}};
    session.tokens.set_user_id("ada");
    session.tokens.set_access_token(token);
    session.tokens.set_refresh_token("turn");
    session.tokens.mutable_access_expire_time()->set_seconds(1700000000);
    return session;
  }

  static mode_t ModeOf(const fs::path& path) {
    struct stat found = {};
    EXPECT_EQ(stat(path.c_str(), &found), 0) << path;
    return found.st_mode & 07777;
  }

  fs::path folder_;
  fs::path path_;
};

TEST_F(SessionFileTest, IsForItsOwnerAlone) {
  ASSERT_EQ(SaveSession(path_, Some("first")), absl::OkStatus());
  EXPECT_EQ(ModeOf(path_), 0600u);
  EXPECT_EQ(ModeOf(path_.parent_path()), 0700u);
  EXPECT_EQ(std::distance(fs::directory_iterator(path_.parent_path()), {}), 1);
}

TEST_F(SessionFileTest, IsReadAsItWasWritten) {
  for (const char* token : {"first", "second"}) {
    ASSERT_EQ(SaveSession(path_, Some(token)), absl::OkStatus());
    const auto read = LoadSession(path_);
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_TRUE(read->has_value());
    EXPECT_THAT((*read)->targets, ElementsAre("users:9090", "admin:9090"));
    EXPECT_FALSE((*read)->tls);
    EXPECT_EQ((*read)->tokens.SerializeAsString(),
              Some(token).tokens.SerializeAsString());
  }
}

TEST_F(SessionFileTest, OneOverTlsIsNotToldInPlainText) {
  LoginSession session = Some("x");
  EXPECT_EQ(session.MayBeTold(false), absl::OkStatus());
  session.tls = true;
  ASSERT_EQ(SaveSession(path_, session), absl::OkStatus());
  const auto read = LoadSession(path_);
  ASSERT_TRUE(read.ok() && read->has_value()) << read.status();
  EXPECT_EQ((*read)->MayBeTold(true), absl::OkStatus());
  const absl::Status refused = (*read)->MayBeTold(false);
  EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("this session was begun over TLS; give --tls-ca"));
}

TEST_F(SessionFileTest, IsForTheProcessesItNames) {
  EXPECT_TRUE(Some("x").IsFor("admin:9090"));
  EXPECT_FALSE(Some("x").IsFor("admin:9091"));
  EXPECT_FALSE(Some("x").IsFor(""));
}

TEST_F(SessionFileTest, NoFileIsNoSession) {
  const auto read = LoadSession(path_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->has_value());
  EXPECT_EQ(RemoveSession(path_), absl::OkStatus());
  ASSERT_EQ(SaveSession(path_, Some("x")), absl::OkStatus());
  EXPECT_EQ(RemoveSession(path_), absl::OkStatus());
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(SessionFileTest, OneThatOthersCanReadIsNotTaken) {
  ASSERT_EQ(SaveSession(path_, Some("x")), absl::OkStatus());
  for (const mode_t mode : {0640, 0604, 0620}) {
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
    const auto read = LoadSession(path_);
    EXPECT_EQ(read.status().code(), StatusCode::kPermissionDenied);
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("chmod 600"));
  }
  // Saved again it is right again.
  ASSERT_EQ(SaveSession(path_, Some("x")), absl::OkStatus());
  EXPECT_TRUE(LoadSession(path_).ok());
}

TEST_F(SessionFileTest, SomethingElseIsNoSession) {
  ASSERT_EQ(SaveSession(path_, Some("x")), absl::OkStatus());
  for (const char* text :
       {"", "one line", "a:1\nnot json", "a:1\n{\"x\": 1}"}) {
    std::ofstream(path_) << text;
    EXPECT_EQ(LoadSession(path_).status().code(), StatusCode::kInvalidArgument)
        << text;
  }
}

TEST_F(SessionFileTest, IsInTheFolderForState) {
  setenv("XDG_STATE_HOME", "/state", 1);
  EXPECT_EQ(*SessionPath(), fs::path("/state/millrace/session"));
  setenv("XDG_STATE_HOME", "", 1);
  setenv("HOME", "/home/ada", 1);
  EXPECT_THAT(SessionPath()->string(),
              EndsWith("/home/ada/.local/state/millrace/session"));
  unsetenv("HOME");
  EXPECT_EQ(SessionPath().status().code(), StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace millrace::cli
