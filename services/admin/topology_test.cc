#include "services/admin/topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/v1/admin.millrace.h"
#include "templates/v1/events.millrace.h"
#include "users/v1/events.millrace.h"

namespace millrace::admin {
namespace {

using ::templates::v1::TemplateEvents;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::users::v1::UserEvents;

::admin::v1::Topology Sample() {
  return MakeTopology({&::admin::v1::AdminService::Info()},
                      {&UserEvents::Info(), &TemplateEvents::Info()},
                      {{"users.v1.events", "admin.audit", 3},
                       {"users.v1.events", "templates.welcome", 0},
                       {"others", "nobody", 1}});
}

TEST(Topology, SaysWhatTheContractsSay) {
  const ::admin::v1::Topology topology = Sample();
  ASSERT_EQ(topology.services_size(), 1);
  EXPECT_EQ(topology.services(0).name(), "admin.v1.AdminService");
  EXPECT_EQ(topology.services(0).owner(), "admin");
  bool watches = false;
  for (const auto& method : topology.services(0).methods()) {
    EXPECT_FALSE(method.client_streaming()) << method.name();
    EXPECT_EQ(method.server_streaming(), method.name() == "WatchEvents");
    watches |= method.name() == "WatchEvents" &&
               method.request() == "admin.v1.WatchEventsRequest";
  }
  EXPECT_TRUE(watches);
  ASSERT_EQ(topology.contracts_size(), 2);  // by name
  EXPECT_EQ(topology.contracts(0).owner(), "templates");
  const ::admin::v1::TopologyContract& users = topology.contracts(1);
  EXPECT_EQ(users.name(), "users.v1.UserEvents");
  EXPECT_EQ(users.topic(), "users.v1.events");
  EXPECT_EQ(users.partitions(), UserEvents::Info().partitions);
  EXPECT_EQ(users.dead_letter_topic(), "users.v1.events.dead");
  EXPECT_THAT(users.events(), Contains("Created"));
}

TEST(Topology, SaysWhoListensAndHowFarBehindTheyAre) {
  const ::admin::v1::Topology topology = Sample();
  EXPECT_EQ(topology.contracts(0).listeners_size(), 0);
  const ::admin::v1::TopologyContract& users = topology.contracts(1);
  ASSERT_EQ(users.listeners_size(), 2);
  EXPECT_EQ(users.listeners(0).group(), "admin.audit");
  EXPECT_EQ(users.listeners(0).lag(), 3);
  EXPECT_EQ(users.listeners(1).group(), "templates.welcome");
  EXPECT_EQ(users.listeners(1).lag(), 0);
}

TEST(Topology, IsAGraph) {
  const std::string graph = MermaidOf(Sample());
  EXPECT_THAT(graph, HasSubstr("flowchart LR\n"));
  EXPECT_THAT(graph, HasSubstr("  events_users_v1_UserEvents -.->|3 behind| "
                               "group_admin_audit\n"));
  EXPECT_THAT(graph, HasSubstr("  events_users_v1_UserEvents -.-> "
                               "group_templates_welcome\n"));
  EXPECT_THAT(graph, HasSubstr("  service_users -->|emits| "
                               "events_users_v1_UserEvents\n"));
  EXPECT_THAT(graph, HasSubstr("  service_admin -->|answers| "
                               "rpc_admin_v1_AdminService\n"));
}

}  // namespace
}  // namespace millrace::admin
