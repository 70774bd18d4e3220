// Emitters of contracts that have events of others.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "events/event_emitter.h"

namespace millrace {
namespace {

using testing::ElementsAre;

template <typename... Tags>
struct Tagged {
  static constexpr size_t kCount = sizeof...(Tags);
};

struct Users {
  struct Created {
    using Contract = Users;
    using Payload = int;
    static constexpr size_t kIndex = 0;
    static constexpr std::string_view kName = "Created";
  };
  struct Deleted {
    using Contract = Users;
    using Payload = int;
    static constexpr size_t kIndex = 1;
    static constexpr std::string_view kName = "Deleted";
  };
  static constexpr size_t kEventCount = 2;
};

// The indexes and a name are those of Users.
struct Pages {
  struct Created {
    using Contract = Pages;
    using Payload = std::string;
    static constexpr size_t kIndex = 0;
    static constexpr std::string_view kName = "Created";
  };
  static constexpr size_t kEventCount = 1;
};

struct Site {
  struct Opened {
    using Contract = Site;
    using Payload = int;
    static constexpr size_t kIndex = 0;
    static constexpr std::string_view kName = "Opened";
  };
  using Events = Tagged<Opened, Users::Created, Users::Deleted, Pages::Created>;
  static constexpr size_t kEventCount = Events::kCount;
};

class WideContractTest : public testing::Test {
 protected:
  EventLoop loop_;
  EventEmitter<Site> site_{loop_};
  std::vector<std::string> trace_;
};

TEST_F(WideContractTest, EachEventHasASlotOfItsOwn) {
  using events_internal::IndexOf;
  EXPECT_EQ((IndexOf<Site, Site::Opened>()), 0u);
  EXPECT_EQ((IndexOf<Site, Users::Created>()), 1u);
  EXPECT_EQ((IndexOf<Site, Users::Deleted>()), 2u);
  EXPECT_EQ((IndexOf<Site, Pages::Created>()), 3u);
  EXPECT_EQ((IndexOf<Site, ErrorEvent>()), 4u);
  EXPECT_EQ((IndexOf<Users, Users::Deleted>()), 1u);
}

TEST_F(WideContractTest, EventsOfABaseAreEmittedAndHeard) {
  site_.On<Users::Created>(
      [&](int id) { trace_.push_back("user " + std::to_string(id)); });
  site_.On<Pages::Created>(
      [&](const std::string& name) { trace_.push_back("page " + name); });
  const auto opened = site_.On<Site::Opened>([&] { trace_.push_back("open"); });
  EXPECT_TRUE(site_.Emit<Users::Created>(7));
  EXPECT_TRUE(site_.Emit<Pages::Created>("home"));
  EXPECT_TRUE(site_.Emit<Site::Opened>(1));
  EXPECT_FALSE(site_.Emit<Users::Deleted>(7));
  EXPECT_THAT(trace_, ElementsAre("user 7", "page home", "open"));

  EXPECT_TRUE(site_.Off<Site::Opened>(opened));
  EXPECT_FALSE(site_.Emit<Site::Opened>(1));
  EXPECT_EQ(site_.ListenerCount<Users::Created>(), 1u);
  EXPECT_THAT(site_.EventNames(), ElementsAre("Created", "Created"));
}

TEST_F(WideContractTest, AChangeIsOfOneEventThoughTwoAreCalledTheSame) {
  site_.On<NewListener>([&](const ListenerChange& change) {
    trace_.push_back(std::string(change.event));
    if (change.ListenerOf<Users::Created>().valid()) trace_.push_back("user");
    if (change.ListenerOf<Pages::Created>().valid()) trace_.push_back("page");
  });
  site_.On<RemoveListener>([&](const ListenerChange& change) {
    if (change.ListenerOf<Users::Created>().valid()) trace_.push_back("-user");
    if (change.ListenerOf<Pages::Created>().valid()) trace_.push_back("-page");
  });
  trace_.clear();
  site_.On<Pages::Created>([] {});
  EXPECT_THAT(trace_, ElementsAre("Created", "page"));
  trace_.clear();
  site_.On<Users::Created>([] {});
  EXPECT_THAT(trace_, ElementsAre("Created", "user"));
  trace_.clear();
  site_.RemoveAllListeners<Pages::Created>();
  EXPECT_THAT(trace_, ElementsAre("-page"));
}

TEST_F(WideContractTest, OnceAndStreamsTakeEventsOfABase) {
  const Promise<std::string> page = site_.Once<Pages::Created>();
  site_.Emit<Users::Created>(1);
  site_.Emit<Pages::Created>("first");
  site_.Emit<Pages::Created>("second");
  loop_.Run();
  ASSERT_TRUE(page.settled());
  EXPECT_EQ(page.value(), "first");
}

}  // namespace
}  // namespace millrace
