// A configuration from a file, variables and flags. For tests.
#ifndef MILLRACE_RUNTIME_TESTDATA_CONFIG_FIXTURE_H_
#define MILLRACE_RUNTIME_TESTDATA_CONFIG_FIXTURE_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/strings.h"
#include "runtime/config.h"

namespace millrace::runtime {

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) /
              StrCat("millrace_config_", info->name());
    std::filesystem::create_directories(folder_);
    sources_.services = {"users", "admin", "templates"};
  }
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::ofstream(path) << text;
    return path;
  }

  void Yaml(const std::string& text) {
    sources_.file = Write("config.yaml", text);
  }
  void Environment(const std::string& name, const std::string& value) {
    sources_.environment.emplace_back(name, value);
  }
  void Set(const std::string& path, const std::string& value) {
    sources_.overrides.push_back({path, value, StrCat("--set ", path)});
  }

  Config Load() {
    const auto config = LoadConfig(sources_);
    EXPECT_TRUE(config.ok()) << MessageOf(config.status());
    return config.ok() ? *config : Config();
  }

  // What is wrong, with the folder's name taken out.
  std::string Error() {
    const auto config = LoadConfig(sources_);
    if (config.ok()) return "";
    EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
    std::string text(MessageOf(config.status()));
    const std::string prefix = folder_.string() + "/";
    for (size_t at; (at = text.find(prefix)) != text.npos;) {
      text.erase(at, prefix.size());
    }
    return text;
  }

  std::filesystem::path folder_;
  ConfigSources sources_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_TESTDATA_CONFIG_FIXTURE_H_
