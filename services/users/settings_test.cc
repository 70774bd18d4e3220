#include "services/users/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/config.h"

namespace millrace::users {
namespace {

using testing::HasSubstr;

absl::StatusOr<UsersSettings> Load(
    std::vector<std::pair<std::string, std::string>> environment) {
  runtime::ConfigSources sources;
  sources.services = {"users"};
  sources.environment = std::move(environment);
  const auto config = runtime::LoadConfig(sources);
  if (!config.ok()) return config.status();
  return config->settings().GetExtension(UsersSettings::users);
}

// What stands in the schema and in the code.
TEST(UsersSettingsTest, DefaultsAreThoseOfTheOptions) {
  const UsersSettings settings = *Load({});
  const UsersOptions users = UsersOptionsOf(settings);
  EXPECT_EQ(users.retention, UsersOptions().retention);
  EXPECT_EQ(PurgeOptionsOf(settings).period, PurgeOptions().period);
  EXPECT_EQ(PurgeOptionsOf(settings).memory, PurgeOptions().memory);
  const SessionOptions sessions = SessionOptionsOf(settings.tokens());
  EXPECT_EQ(sessions.access_life, SessionOptions().access_life);
  EXPECT_EQ(sessions.refresh_life, SessionOptions().refresh_life);
  EXPECT_EQ(sessions.ticket_life, SessionOptions().ticket_life);
  const tokens::RotationOptions rotation = RotationOptionsOf(settings.tokens());
  EXPECT_EQ(rotation.period, tokens::RotationOptions().period);
  EXPECT_EQ(rotation.token_life, tokens::RotationOptions().token_life);
  const LockoutOptions lockout = LockoutOptionsOf(settings.lockout());
  EXPECT_EQ(lockout.free, LockoutOptions().free);
  EXPECT_EQ(lockout.first_pause, LockoutOptions().first_pause);
  EXPECT_EQ(lockout.longest_pause, LockoutOptions().longest_pause);
  EXPECT_EQ(lockout.memory, LockoutOptions().memory);
  const tokens::PasswordOptions passwords =
      PasswordOptionsOf(settings.passwords());
  EXPECT_EQ(passwords.passes, tokens::PasswordOptions().passes);
  EXPECT_EQ(passwords.memory_bytes, tokens::PasswordOptions().memory_bytes);
  EXPECT_EQ(passwords.max_parallel, tokens::PasswordOptions().max_parallel);
  EXPECT_EQ(passwords.max_waiting, tokens::PasswordOptions().max_waiting);
}

TEST(UsersSettingsTest, EachIsTakenFromTheConfiguration) {
  const auto settings =
      Load({{"MILLRACE_SETTINGS_USERS_DELETION_RETENTION", "1h"},
            {"MILLRACE_SETTINGS_USERS_PURGE_INTERVAL", "2m"},
            {"MILLRACE_SETTINGS_USERS_TOKENS_ACCESS_LIFE", "3m"},
            {"MILLRACE_SETTINGS_USERS_TOKENS_REFRESH_LIFE", "4h"},
            {"MILLRACE_SETTINGS_USERS_TOKENS_TICKET_LIFE", "5h"},
            {"MILLRACE_SETTINGS_USERS_TOKENS_KEY_PERIOD", "60h"},
            {"MILLRACE_SETTINGS_USERS_LOCKOUT_FREE_FAILURES", "7"},
            {"MILLRACE_SETTINGS_USERS_LOCKOUT_FIRST_PAUSE", "8s"},
            {"MILLRACE_SETTINGS_USERS_LOCKOUT_LONGEST_PAUSE", "9m"},
            {"MILLRACE_SETTINGS_USERS_LOCKOUT_MEMORY", "10h"},
            {"MILLRACE_SETTINGS_USERS_PASSWORDS_PASSES", "3"},
            {"MILLRACE_SETTINGS_USERS_PASSWORDS_MEMORY_BYTES", "12582912"},
            {"MILLRACE_SETTINGS_USERS_PASSWORDS_MAX_PARALLEL", "4"},
            {"MILLRACE_SETTINGS_USERS_PASSWORDS_MAX_WAITING", "5"}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(UsersOptionsOf(*settings).retention, absl::Hours(1));
  EXPECT_EQ(PurgeOptionsOf(*settings).period, absl::Minutes(2));
  EXPECT_EQ(PurgeOptionsOf(*settings).memory, absl::Hours(10));
  const SessionOptions sessions = SessionOptionsOf(settings->tokens());
  EXPECT_EQ(sessions.access_life, absl::Minutes(3));
  EXPECT_EQ(sessions.refresh_life, absl::Hours(4));
  EXPECT_EQ(sessions.ticket_life, absl::Hours(5));
  const tokens::RotationOptions rotation =
      RotationOptionsOf(settings->tokens());
  EXPECT_EQ(rotation.period, absl::Hours(60));
  EXPECT_EQ(rotation.token_life, absl::Minutes(8));
  const LockoutOptions lockout = LockoutOptionsOf(settings->lockout());
  EXPECT_EQ(lockout.free, 7);
  EXPECT_EQ(lockout.first_pause, absl::Seconds(8));
  EXPECT_EQ(lockout.longest_pause, absl::Minutes(9));
  EXPECT_EQ(lockout.memory, absl::Hours(10));
  const tokens::PasswordOptions passwords =
      PasswordOptionsOf(settings->passwords());
  EXPECT_EQ(passwords.passes, 3u);
  EXPECT_EQ(passwords.memory_bytes, size_t{12582912});
  EXPECT_EQ(passwords.max_parallel, 4);
  EXPECT_EQ(passwords.max_waiting, 5u);
}

// Whatever the schema lets through, the parts take.
TEST(UsersSettingsTest, TheBoundsKeepWhatBelongsTogetherTogether) {
  const auto settings =
      Load({{"MILLRACE_SETTINGS_USERS_TOKENS_ACCESS_LIFE", "24h"},
            {"MILLRACE_SETTINGS_USERS_TOKENS_KEY_PERIOD", "48h"},
            {"MILLRACE_SETTINGS_USERS_LOCKOUT_LONGEST_PAUSE", "24h"},
            {"MILLRACE_SETTINGS_USERS_LOCKOUT_MEMORY", "1m"},
            {"MILLRACE_SETTINGS_USERS_PASSWORDS_PASSES", "1"},
            {"MILLRACE_SETTINGS_USERS_PASSWORDS_MEMORY_BYTES", "7340032"}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  const LockoutOptions lockout = LockoutOptionsOf(settings->lockout());
  EXPECT_EQ(lockout.memory, absl::Hours(48));
  EXPECT_EQ(PurgeOptionsOf(*settings).memory, lockout.memory);
  EXPECT_TRUE(RotationOptionsOf(settings->tokens()).Validate().ok());
  EXPECT_TRUE(PasswordOptionsOf(settings->passwords()).Validate().ok());
}

TEST(UsersSettingsTest, ALongPauseIsNotForgottenBeforeItIsOver) {
  const auto settings =
      Load({{"MILLRACE_SETTINGS_USERS_LOCKOUT_LONGEST_PAUSE", "24h"}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  const LockoutOptions lockout = LockoutOptionsOf(settings->lockout());
  const absl::Time last = absl::FromUnixSeconds(1'700'000'000);
  EXPECT_EQ(PauseBefore({100, last}, last + absl::Hours(2), lockout),
            absl::Hours(22));
  EXPECT_EQ(OneMore({100, last}, last + absl::Hours(24), lockout).count, 101);
}

TEST(UsersSettingsTest, WhatIsWrongIsNamedWithItsPlace) {
  const auto settings =
      Load({{"MILLRACE_SETTINGS_USERS_TOKENS_KEY_PERIOD", "1h"},
            {"MILLRACE_SETTINGS_USERS_LOCKOUT_FREE_FAILURES", "0"}});
  ASSERT_FALSE(settings.ok());
  EXPECT_THAT(std::string(settings.status().message()),
              HasSubstr("MILLRACE_SETTINGS_USERS_TOKENS_KEY_PERIOD: "
                        "settings.users.tokens.key_period must be at least "
                        "48h"));
  EXPECT_THAT(std::string(settings.status().message()),
              HasSubstr("settings.users.lockout.free_failures must be 1 to "
                        "1000, not 0"));
}

}  // namespace
}  // namespace millrace::users
