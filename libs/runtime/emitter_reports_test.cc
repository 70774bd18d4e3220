// What modules' own emitters tell, by the greeter's.
#include "runtime/emitter_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/testdata/sample_host.h"

namespace millrace::runtime {
namespace {

using testing::HasSubstr;

class EmitterReportsTest : public SampleHostTest {
 protected:
  void Greet(const std::string& name) {
    EXPECT_THAT(Http("POST", "/sample.v1.GreeterService/Greet",
                     StrCat("{\"name\":\"", name, "\"}")),
                HasSubstr("hello " + name));
  }
};

TEST_F(EmitterReportsTest, ListenersAreMeasured) {
  Start();
  Greet("Ada");
  Greet("Bob");
  EXPECT_THAT(Http("GET", "/metrics"),
              HasSubstr("millrace_events_listener_duration_seconds_count{"
                        "emitter=\"greetings\",event=\"Greeted\","
                        "listener=\"patience\"} 2\n"));
  EXPECT_EQ(logger_.Saying("a listener took longer").size(), 0u);
  EXPECT_TRUE(Drain().ok());
}

// The sample's takes 300 ms, which is more than the default budget.
TEST_F(EmitterReportsTest, OneThatTakesTooLongIsNamedOnce) {
  Start();
  Greet("patience");
  Greet("patience");
  const auto lines = logger_.Saying("a listener took longer than its budget");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].at("emitter"), "greetings");
  EXPECT_EQ(lines[0].at("event"), "Greeted");
  EXPECT_EQ(lines[0].at("listener"), "patience");
  EXPECT_EQ(lines[0].at("budget_ms"), "200");
  EXPECT_THAT(Http("GET", "/metrics"),
              HasSubstr("millrace_events_listener_overruns_total{"
                        "emitter=\"greetings\",event=\"Greeted\","
                        "listener=\"patience\"} 2\n"));
  EXPECT_TRUE(Drain().ok());
}

TEST_F(EmitterReportsTest, NothingIsTooLongWithoutABudget) {
  config_.mutable_loop()->set_budget("0s");
  Start();
  Greet("patience");
  EXPECT_EQ(logger_.Saying("a listener took longer").size(), 0u);
  EXPECT_TRUE(Drain().ok());
}

}  // namespace
}  // namespace millrace::runtime
