#include "runtime/wiring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"

namespace millrace::runtime {
namespace {

using testing::ElementsAre;

constexpr ServiceInfo kUsers{.full_name = "users.v1.UsersService"};
constexpr ServiceInfo kAdmin{.full_name = "admin.v1.AdminService"};
constexpr ServiceInfo kTemplates{.full_name = "templates.v1.TemplatesService"};

class Piece final : public Module {
 public:
  using Services = std::vector<const ServiceInfo*>;
  Piece(std::string name, Services provides, Services needs)
      : name_(std::move(name)),
        provides_(std::move(provides)),
        needs_(std::move(needs)) {}

  std::string_view name() const override { return name_; }
  Services Provides() const override { return provides_; }
  Services Needs() const override { return needs_; }
  Promise<void> Start(ModuleContext&) override {
    return Promise<void>::Resolve();
  }

 private:
  const std::string name_;
  const Services provides_, needs_;
};

std::string Error(const std::vector<const Module*>& modules,
                  const std::map<std::string, std::string>& remote = {}) {
  const auto wiring = Wire(modules, remote);
  return wiring.ok() ? "" : std::string(MessageOf(wiring.status()));
}

TEST(WiringTest, ModulesStartBehindWhatTheyNeed) {
  const Piece templates("templates", {&kTemplates}, {&kUsers, &kAdmin});
  const Piece admin("admin", {&kAdmin}, {&kUsers});
  const Piece users("users", {&kUsers}, {});
  const auto wiring = Wire({&templates, &admin, &users}, {});
  ASSERT_TRUE(wiring.ok());
  EXPECT_THAT(wiring->order, ElementsAre(2, 1, 0));
  EXPECT_EQ(wiring->needs[0][0].provider, 2);
  EXPECT_EQ(wiring->needs[1][0].provider, 2);
}

TEST(WiringTest, NeedOfAnotherProcess) {
  const Piece admin("admin", {&kAdmin}, {&kUsers});
  const auto wiring = Wire({&admin}, {{"users", "host:9090"}});
  ASSERT_TRUE(wiring.ok());
  EXPECT_EQ(wiring->needs[0][0].provider, -1);
  EXPECT_EQ(wiring->needs[0][0].remote, "host:9090");
}

TEST(WiringTest, ModuleOfThisProcessComesFirst) {
  const Piece admin("admin", {&kAdmin}, {&kUsers});
  const Piece users("users", {&kUsers}, {});
  const auto wiring = Wire({&admin, &users}, {{"users", "host:9090"}});
  ASSERT_TRUE(wiring.ok());
  EXPECT_EQ(wiring->needs[0][0].provider, 1);
}

TEST(WiringTest, MissingNeeds) {
  const Piece admin("admin", {&kAdmin}, {&kUsers});
  const Piece templates("templates", {}, {&kAdmin, &kUsers});
  EXPECT_EQ(
      Error({&admin, &templates}),
      "admin needs users.v1.UsersService, which no module of this process "
      "provides; say where it is: set it with --set remote.users=... or "
      "MILLRACE_REMOTE_USERS\n"
      "templates needs users.v1.UsersService, which no module of this process "
      "provides; say where it is: set it with --set remote.users=... or "
      "MILLRACE_REMOTE_USERS");
  EXPECT_EQ(
      Error({&admin}, {{"usres", "host:1"}}),
      "admin needs users.v1.UsersService, which no module of this process "
      "provides; say where it is: set it with --set remote.users=... or "
      "MILLRACE_REMOTE_USERS (there is a remote.usres)");
}

TEST(WiringTest, CircleIsNamed) {
  const Piece users("users", {&kUsers}, {&kTemplates});
  const Piece admin("admin", {&kAdmin}, {&kUsers});
  const Piece templates("templates", {&kTemplates}, {&kAdmin});
  EXPECT_EQ(Error({&users, &admin, &templates}),
            "modules need each other in a circle: users needs templates needs "
            "admin needs users");
  const Piece selfish("selfish", {&kUsers}, {&kUsers});
  EXPECT_EQ(Error({&selfish}),
            "modules need each other in a circle: selfish needs selfish");
}

TEST(WiringTest, OneProviderAndOneNameEach) {
  const Piece one("users", {&kUsers}, {});
  const Piece two("people", {&kUsers}, {});
  EXPECT_EQ(Error({&one, &two}),
            "users.v1.UsersService is provided by users and by people");
  const Piece three("users", {}, {});
  EXPECT_EQ(Error({&one, &three}), "two modules are called users");
}

}  // namespace
}  // namespace millrace::runtime
