#include "runtime/reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/strings.h"
#include "runtime/config_values.h"
#include "runtime/prometheus.h"
#include "runtime/test_support.h"

namespace millrace::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ReloadTest : public testing::Test {
 protected:
  ReloadTest() {
    sources_.services = {"users"};
    reloader_.emplace(
        *LoadConfig(sources_),
        [this] { return LoadConfigWithPlaces(sources_); }, logger_, metrics_);
    reloader_->Add({"log.level"}, [this](const Config& next) {
      applied_.push_back(next.log().level());
    });
  }

  void Set(const std::string& path, const std::string& value) {
    sources_.overrides.push_back({path, value, StrCat("--set ", path)});
  }
  void SetInEnvironment(const std::string& name, const std::string& value) {
    sources_.environment.emplace_back(name, value);
  }

  std::string Error() { return std::string(MessageOf(reloader_->Reload())); }

  std::string Count(const std::string& outcome) {
    const std::string text = metrics_.Expose();
    const std::string name =
        StrCat("millrace_config_reloads_total{outcome=\"", outcome, "\"} ");
    const size_t at = text.find(name);
    if (at == text.npos) return "none";
    return text.substr(at + name.size(),
                       text.find('\n', at) - at - name.size());
  }

  ConfigSources sources_;
  MemoryLogger logger_;
  PrometheusMetrics metrics_;
  std::optional<Reloader> reloader_;
  std::vector<std::string> applied_;
};

TEST_F(ReloadTest, AppliesWhatMayChangeAndTellsWhatDid) {
  Set("log.level", "debug");
  ASSERT_TRUE(reloader_->Reload().ok());
  EXPECT_THAT(applied_, ElementsAre("debug"));
  const auto lines = logger_.Saying("the configuration is reloaded");
  ASSERT_EQ(lines.size(), 1);
  EXPECT_EQ(lines[0].at("changes"),
            "log.level: info -> debug (--set log.level)");
  EXPECT_EQ(Count("applied"), "1");
  EXPECT_EQ(Count("refused"), "0");
}

// What was set by hand meanwhile becomes again what the configuration says.
TEST_F(ReloadTest, AppliesAlsoWhenNothingDiffers) {
  ASSERT_TRUE(reloader_->Reload().ok());
  EXPECT_THAT(applied_, ElementsAre("info"));
  EXPECT_EQ(Count("unchanged"), "1");
  EXPECT_EQ(Count("applied"), "0");
}

TEST_F(ReloadTest, ComparesWithWhatWasAppliedLast) {
  Set("log.level", "debug");
  ASSERT_TRUE(reloader_->Reload().ok());
  sources_.overrides.clear();
  ASSERT_TRUE(reloader_->Reload().ok());
  EXPECT_EQ(logger_.Saying("the configuration is reloaded")[1].at("changes"),
            "log.level: debug -> info (default)");
}

TEST_F(ReloadTest, WrongConfigurationChangesNothing) {
  Set("log.level", "loud");
  Set("http.port", "99999");
  const std::string error = Error();
  EXPECT_THAT(error, HasSubstr("--set log.level: log.level must be one of"));
  EXPECT_THAT(error, HasSubstr("--set http.port: http.port must be"));
  EXPECT_THAT(applied_, IsEmpty());
  EXPECT_EQ(
      logger_.Saying("the configuration is not reloaded, nothing has changed")
          .size(),
      2);
  EXPECT_EQ(Count("refused"), "1");
}

TEST_F(ReloadTest, WhatMustNotChangeIsNamedAndNothingIsApplied) {
  Set("log.level", "debug");
  Set("bus.max_parallel", "7");
  SetInEnvironment("MILLRACE_REMOTE_ADMIN", "there:1");
  EXPECT_EQ(Error(),
            "--set bus.max_parallel: bus.max_parallel: 256 -> 7: cannot change "
            "while the process runs; restart it, or take the change back\n"
            "MILLRACE_REMOTE_ADMIN: remote.admin: (none) -> there:1: cannot "
            "change while the process runs; restart it, or take the change "
            "back");
  EXPECT_THAT(applied_, IsEmpty());
  // It is all there or not: the rest comes when the offence has gone.
  sources_.overrides.pop_back();
  sources_.environment.clear();
  EXPECT_EQ(Error(), "");
  EXPECT_THAT(applied_, ElementsAre("debug"));
}

TEST_F(ReloadTest, SecretsAreNotTold) {
  SetInEnvironment("MILLRACE_IDENTITY_KEY_SECRET", "hunter2hunter2hunter2");
  SetInEnvironment("MILLRACE_DATABASES_USERS_URL",
                   "postgresql://me:hunter3@there/users");
  const std::string error = Error();
  EXPECT_THAT(error, HasSubstr("MILLRACE_IDENTITY_KEY_SECRET: "
                               "identity.key_secret: cannot change"));
  EXPECT_THAT(error, HasSubstr("databases.users.url: (none) -> postgres"));
  EXPECT_THAT(error, testing::Not(HasSubstr("hunter")));
}

TEST_F(ReloadTest, NothingIsAppliedWhenOneCannotGetReady) {
  bool committed = false;
  const auto prepare =
      [&](const Config& next) -> absl::StatusOr<Reloader::Commit> {
    if (next.calls().max_in_flight() == 1) {
      return absl::UnavailableError("no room");
    }
    return Reloader::Commit([&] { committed = true; });
  };
  reloader_->Add({{"calls.max_in_flight"}, prepare});
  Set("log.level", "debug");
  Set("calls.max_in_flight", "1");
  EXPECT_EQ(Error(), "no room");
  EXPECT_THAT(applied_, IsEmpty());
  EXPECT_FALSE(committed);
  Set("calls.max_in_flight", "2");
  EXPECT_EQ(Error(), "");
  EXPECT_TRUE(committed);
}

TEST_F(ReloadTest, EverySettingThatMayChangeHasOneApplier) {
  std::vector<std::string> rest = ReloadablePaths();
  EXPECT_THAT(rest, testing::Contains("log.level"));
  EXPECT_THAT(MessageOf(reloader_->CheckComplete()),
              HasSubstr("is marked 'reload' in config.proto and must have one "
                        "applier, not 0"));
  std::erase(rest, "log.level");
  reloader_->Add(rest, [](const Config&) {});
  EXPECT_TRUE(reloader_->CheckComplete().ok());
  reloader_->Add({"http.port"}, [](const Config&) {});
  EXPECT_EQ(MessageOf(reloader_->CheckComplete()),
            "http.port has an applier, but is not marked 'reload' in "
            "config.proto");
}

}  // namespace
}  // namespace millrace::runtime
