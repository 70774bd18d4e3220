// Admin and the services of others: a sample of one, in its process or named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "runtime/testdata/sample_host.h"
#include "sample/v1/sample.millrace.h"
#include "services/admin/module.h"
#include "services/users/module.h"

namespace millrace {
namespace {

using admin::Modules;
using sample::v1::GreeterEvents;
using sample::v1::GreeterService;
using testing::HasSubstr;
using testing::StartsWith;

class WatchedTest : public runtime::SampleHostTest {
 protected:
  WatchedTest() {
    config_.clear_services();
    config_.add_services("users");
    config_.add_services("admin");
  }
  ~WatchedTest() override {
    if (host_ != nullptr) EXPECT_EQ(Drain(), absl::OkStatus());
  }

  void StartWith(std::vector<runtime::ModuleFactory> modules) {
    modules.push_back(users::NewModule);
    auto host = runtime::Host::Create(
        loop_, metrics_,
        {.config = config_,
         .modules = std::move(modules),
         .logger = [this](const std::string&) -> Logger& { return logger_; }});
    ASSERT_TRUE(host.ok()) << host.status();
    host_ = *std::move(host);
    const absl::Status started = runtime::Settle(loop_, host_->Start());
    ASSERT_TRUE(started.ok()) << started;
  }

  std::string Admin(const std::string& method) {
    const std::string answer =
        Http("POST", "/admin.v1.AdminService/" + method, "{}");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
    return answer;
  }

  // What the trail says once it has something.
  std::string Trail() {
    std::string trail;
    do {
      trail = Admin("QueryAudit");
    } while (trail.find("\"entries\"") == std::string::npos);
    return trail;
  }
};

TEST_F(WatchedTest, ServicesOfTheProcessAreFound) {
  config_.add_services("greeter");
  StartWith({Modules(), runtime::NewGreeter()});
  EXPECT_THAT(
      Http("POST", "/sample.v1.GreeterService/Greet", "{\"name\":\"Ada\"}"),
      HasSubstr("hello Ada"));
  EXPECT_THAT(Trail(), HasSubstr("sample.v1.GreeterEvents.Greeted"));
  const std::string topology = Admin("GetTopology");
  EXPECT_THAT(topology, HasSubstr("\"sample.v1.GreeterService\""));
  EXPECT_THAT(topology, HasSubstr("\"sample.v1.GreeterEvents\""));
  EXPECT_THAT(Admin("ListPermissions"), HasSubstr("\"sample.greetings.read\""));
}

// They run in processes of their own, beside one bus.
TEST_F(WatchedTest, OthersAreNamed) {
  StartWith({Modules({.contracts = {&GreeterEvents::Info()},
                      .services = {&GreeterService::Info()}})});
  EXPECT_THAT(Http("POST", "/millrace.v1.BusService/Emit",
                   "{\"type\":\"sample.v1.GreeterEvents.Greeted\","
                   "\"json\":\"{\\\"text\\\":\\\"hello\\\"}\"}"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Trail(), HasSubstr("sample.v1.GreeterEvents.Greeted"));
  EXPECT_THAT(Admin("GetTopology"), HasSubstr("\"sample.v1.GreeterService\""));
  EXPECT_THAT(Admin("ListPermissions"), HasSubstr("\"sample.greetings.read\""));
}

}  // namespace
}  // namespace millrace
