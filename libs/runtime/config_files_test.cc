// The files that are deployed are valid, and mean what they should.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "runtime/config.h"

namespace millrace::runtime {
namespace {

ConfigSources Deployed(const std::string& name) {
  ConfigSources sources;
  sources.file = StrCat(MILLRACE_DEPLOY_CONFIG, "/", name, ".yaml");
  sources.services = {"users", "admin", "templates"};
  return sources;
}

TEST(ConfigFilesTest, AllInOne) {
  const auto config = LoadConfig(Deployed("all-in-one"));
  ASSERT_TRUE(config.ok()) << MessageOf(config.status());
  EXPECT_EQ(config->bus().transport(), "local");
  EXPECT_EQ(DatabaseUrlOf(*config, "users"),
            "sqlite:///var/lib/millrace/users.db");
  EXPECT_THAT(config->services(),
              testing::ElementsAre("users", "admin", "templates"));
}

class SplitConfigTest : public testing::TestWithParam<const char*> {};

TEST_P(SplitConfigTest, OneServiceOnPostgresAndKafka) {
  const std::string name = GetParam();
  ConfigSources sources = Deployed(name);
  sources.services = {name};
  std::string upper = name;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  sources.environment = {
      {StrCat("MILLRACE_DATABASES_", upper, "_PASSWORD"), "p"},
      {"MILLRACE_BUS_KAFKA_BROKERS", "one:9092,two:9092"},
      {"MILLRACE_BUS_KAFKA_MEMBER_ID", name + "-0"},
      {"MILLRACE_REMOTE_USERS", "elsewhere:9090"}};
  const auto config = LoadConfig(sources);
  ASSERT_TRUE(config.ok()) << MessageOf(config.status());
  EXPECT_THAT(config->services(), testing::ElementsAre(name));
  EXPECT_EQ(DatabaseUrlOf(*config, name),
            StrCat("postgresql://", name, ":p@postgres:5432/", name));
  EXPECT_EQ(config->bus().transport(), "kafka");
  EXPECT_THAT(config->bus().kafka().brokers(),
              testing::ElementsAre("one:9092", "two:9092"));
}

// As they are, without a variable.
TEST_P(SplitConfigTest, IsValidByItself) {
  const auto config = LoadConfig(Deployed(GetParam()));
  EXPECT_TRUE(config.ok()) << MessageOf(config.status());
}

INSTANTIATE_TEST_SUITE_P(Services, SplitConfigTest,
                         testing::Values("users", "admin", "templates"),
                         [](const auto& info) {
                           return std::string(info.param);
                         });

}  // namespace
}  // namespace millrace::runtime
