// A folder of files behind a server. For tests.
#ifndef MILLRACE_HTTP_STATIC_FIXTURE_H_
#define MILLRACE_HTTP_STATIC_FIXTURE_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/strings.h"
#include "http/server_fixture.h"
#include "http/static_files.h"

namespace millrace::http {

class StaticFixture : public ServerFixture {
 protected:
  StaticFixture() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "static-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    root_ = directory_ + "/root";
    std::filesystem::create_directory(root_);
  }
  ~StaticFixture() override { std::filesystem::remove_all(directory_); }

  // Below the root, last changed at `seconds`.
  void Write(const std::string& name, std::string_view text,
             time_t seconds = 784'111'777) {
    const std::string path = root_ + "/" + name;
    std::filesystem::create_directories(
        std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
    SetTime(path, seconds);
  }

  static void SetTime(const std::string& path, time_t seconds) {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }

  // Serves the root below /files/.
  void ServeFiles(StaticOptions options = {}) {
    options.root = root_;
    router_.Get("/files/*path", StaticFiles(loop_, options));
  }

  TestResponse Get(std::string_view path, std::string_view fields = "") {
    return Ask(GetRequest(StrCat("/files/", path), fields));
  }

  std::string directory_;  // of the root, and of what is outside of it
  std::string root_;
};

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_STATIC_FIXTURE_H_
