#include "runtime/config_print.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/strings.h"
#include "runtime/config_values.h"
#include "runtime/test_support.h"

namespace millrace::runtime {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ConfigPrintTest : public testing::Test {
 protected:
  ConfigPrintTest() { sources_.services = {"users", "admin"}; }

  void Yaml(const std::string& text) {
    sources_.file = dir_ / "config.yaml";
    std::ofstream(sources_.file) << text;
  }

  std::string Print() {
    const auto loaded = LoadConfigWithPlaces(sources_);
    EXPECT_TRUE(loaded.ok()) << MessageOf(loaded.status());
    return loaded.ok() ? PrintConfig(*loaded) : "";
  }

  // The line of a key, its blanks squeezed and the folder taken out.
  std::string LineOf(const std::string& key) {
    const std::string text = Print();
    const size_t at = text.find(key);
    if (at == text.npos) return "";
    std::string line;
    for (const char c : text.substr(at, text.find('\n', at) - at)) {
      if (c != ' ' || !line.ends_with(' ')) line += c;
    }
    const size_t folder = line.find(dir_.path());
    if (folder != line.npos) line.erase(folder, dir_.path().size() + 1);
    return line;
  }

  ScratchDir dir_;
  ConfigSources sources_;
};

TEST_F(ConfigPrintTest, TellsWhereEachValueComesFrom) {
  Yaml("environment: staging\nhttp:\n  port: 1\n  host: 0.0.0.0\n");
  sources_.environment = {{"MILLRACE_HTTP_PORT", "2"},
                          {"MILLRACE_LOG_CALLS", "none"}};
  sources_.overrides = {{"loops", "3", "--loops"}};
  EXPECT_EQ(LineOf("environment:"), "environment: staging # config.yaml:1:14");
  EXPECT_EQ(LineOf("host:"), "host: 0.0.0.0 # config.yaml:4:9");
  EXPECT_EQ(LineOf("port:"), "port: 2 # MILLRACE_HTTP_PORT");
  EXPECT_EQ(LineOf("calls: none"), "calls: none # MILLRACE_LOG_CALLS *");
  EXPECT_EQ(LineOf("loops:"), "loops: 3 # --loops");
  EXPECT_EQ(LineOf("max_connections:"), "max_connections: 10000 # default");
  EXPECT_EQ(LineOf("services:"), "services: [users, admin] # default");
}

TEST_F(ConfigPrintTest, ShowsNoSecret) {
  std::ofstream(dir_ / "password") << "hunter2\n";
  sources_.environment = {
      {"MILLRACE_IDENTITY_KEY_SECRET", "hunter2hunter2hunter2"},
      {"MILLRACE_DATABASES_USERS_URL", "postgresql://me:hunter2@there/users"},
      {"MILLRACE_DATABASES_ADMIN_URL", "postgresql://me@there/admin"},
      {"MILLRACE_DATABASES_ADMIN_PASSWORD_FILE", dir_ / "password"}};
  const std::string text = Print();
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  EXPECT_THAT(text, HasSubstr("url: postgresql://me@there/admin"));
  EXPECT_THAT(LineOf("# key_secret:"),
              "# key_secret: [secret] # MILLRACE_IDENTITY_KEY_SECRET");
  EXPECT_EQ(LineOf("# password: "),
            "# password: [secret] # MILLRACE_DATABASES_ADMIN_PASSWORD_FILE");
  EXPECT_EQ(LineOf("# sasl_password:"), "# sasl_password: # default");
}

TEST_F(ConfigPrintTest, CanBeLoadedAgain) {
  Yaml(
      "environment: \"a \\\"b\\\": #c\"\n"
      "bus:\n  transport: kafka\n  kafka:\n    brokers: ['one:9092', "
      "'[::1]:9093']\n    member_id: \"true\"\n"
      "remote:\n  templates: there:9090\nloop:\n  budget: 0s\n"
      "log:\n  level: \"debug\"\nidentity:\n  issuer: \"null\"\n");
  const auto loaded = LoadConfigWithPlaces(sources_);
  ASSERT_TRUE(loaded.ok()) << MessageOf(loaded.status());
  Yaml(PrintConfig(*loaded));
  const auto again = LoadConfig(sources_);
  ASSERT_TRUE(again.ok()) << MessageOf(again.status()) << Print();
  EXPECT_TRUE(Differences(loaded->config, *again).empty());
  EXPECT_EQ(again->environment(), "a \"b\": #c");
  EXPECT_EQ(again->bus().kafka().brokers_size(), 2);
}

}  // namespace
}  // namespace millrace::runtime
