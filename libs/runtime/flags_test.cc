#include "runtime/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"

namespace millrace::runtime {
namespace {

absl::StatusOr<CommandLine> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "program");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

std::string Error(std::vector<const char*> arguments) {
  const auto line = Parse(std::move(arguments));
  return line.ok() ? "" : std::string(MessageOf(line.status()));
}

TEST(FlagsTest, NamedFlagsAndSetBecomeOverrides) {
  const auto line =
      Parse({"--http-port", "1", "--set", "log.level=debug", "--data=here",
             "--config", "a.yaml", "--set", "remote.users=h:1"});
  ASSERT_TRUE(line.ok()) << MessageOf(line.status());
  EXPECT_EQ(line->config_file, "a.yaml");
  std::map<std::string, std::string> values, flags;
  for (const auto& override : line->overrides) {
    values[override.path] = override.value;
    flags[override.path] = override.flag;
  }
  EXPECT_THAT(values, testing::UnorderedElementsAre(
                          testing::Pair("http.port", "1"),
                          testing::Pair("log.level", "debug"),
                          testing::Pair("data_dir", "here"),
                          testing::Pair("remote.users", "h:1")));
  EXPECT_EQ(flags["http.port"], "--http-port");
  EXPECT_EQ(flags["log.level"], "--set log.level");
}

TEST(FlagsTest, UnknownFlag) {
  EXPECT_EQ(Error({"--htpp-port", "1"}),
            "unknown flag '--htpp-port'; did you mean '--http-port'?");
  EXPECT_EQ(Error({"--http-prot=1"}),
            "unknown flag '--http-prot'; did you mean '--http-port'?");
  EXPECT_EQ(Error({"--verbose"}), "unknown flag '--verbose'; see --help");
  EXPECT_EQ(Error({"users"}), "'users' is no flag; see --help");
}

TEST(FlagsTest, ValueIsMissing) {
  EXPECT_THAT(Error({"--http-port"}), testing::HasSubstr("--http-port"));
  EXPECT_EQ(Error({"--set", "http.port"}),
            "--set http.port: write it as --set http.port=8080");
}

TEST(FlagsTest, HelpNamesEveryFlag) {
  const auto line = Parse({"--help"});
  ASSERT_TRUE(line.ok());
  for (const char* flag : {"--config", "--set", "--http-port", "--grpc-port",
                           "--data", "--check-config", "--services"}) {
    EXPECT_THAT(line->help, testing::HasSubstr(flag));
  }
}

}  // namespace
}  // namespace millrace::runtime
