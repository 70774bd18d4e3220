// What modules learn of a new configuration.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/runtime/testdata/settings.pb.h"
#include "runtime/testdata/sample_host.h"

namespace millrace::runtime {
namespace {

using testdata::GreeterSettings;
using testing::HasSubstr;

class HostReloadTest : public SampleHostTest {
 protected:
  void Apply(const std::string& salutation) {
    Config next = config_;
    next.mutable_settings()
        ->MutableExtension(GreeterSettings::greeter)
        ->set_salutation(salutation);
    host_->Apply(next);
  }
};

TEST_F(HostReloadTest, WhatIsReloadedWhileAModuleStartsReachesIt) {
  journal_.on_start = [this] { Apply("good day"); };
  Start();
  EXPECT_THAT(Http("GET", "/hello/Ada"), HasSubstr("good day Ada"));
  Apply("goodbye");
  EXPECT_THAT(Http("GET", "/hello/Ada"), HasSubstr("goodbye Ada"));
  EXPECT_TRUE(Drain().ok());
}

// Even when nothing was configured before.
TEST_F(HostReloadTest, TheSettingsThatAModuleWasGivenAreThePresentOnes) {
  ASSERT_FALSE(config_.has_settings());
  Start();
  const config::v1::Settings& settings = journal_.context->settings();
  EXPECT_EQ(settings.GetExtension(GreeterSettings::greeter).salutation(),
            "hello");
  Apply("good day");
  EXPECT_EQ(settings.GetExtension(GreeterSettings::greeter).salutation(),
            "good day");
  EXPECT_TRUE(Drain().ok());
}

}  // namespace
}  // namespace millrace::runtime
