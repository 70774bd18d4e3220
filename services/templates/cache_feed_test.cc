#include "services/templates/cache_feed.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bus/local/local_transport.h"
#include "bus/relay.h"
#include "bus/testing/fake_transport.h"
#include "loop/timer_promises.h"
#include "services/templates/lifecycle.h"
#include "services/templates/wire.h"
#include "templates/migrations.h"
#include "templates/v1/events.millrace.h"
#include "tests/support/service_test.h"

namespace millrace::templates {
namespace {

using ::templates::v1::TemplateEvents;

// Several instances of the service on one bus, each with its cache.
class CacheFeedTest : public testing::ServiceTest {
 protected:
  CacheFeedTest()
      : ServiceTest("templates", TemplatesMigrations()),
        log_(*store::Database::Open(loop_, {.url = "sqlite::memory:"}, logger_,
                                    metrics_)) {
    auto transport = Await(bus::local::LocalTransport::Open(
        loop_, *log_, clock_, logger_, metrics_));
    EXPECT_TRUE(transport.ok()) << transport.status();
    transport_ = *std::move(transport);
    bus_.emplace(loop_, *transport_, logger_, metrics_);
    EXPECT_EQ(Await(bus_->Declare(TemplateEvents::Info())), absl::OkStatus());
    EXPECT_EQ(
        relay_.emplace(loop_, outbox_, *transport_, logger_, metrics_).Start(),
        absl::OkStatus());
  }

  ~CacheFeedTest() override {
    EXPECT_EQ(Await(relay_->Stop(absl::Seconds(10))), absl::OkStatus());
    EXPECT_EQ(Await(transport_->Close(absl::Seconds(10))), absl::OkStatus());
    relay_.reset();
    bus_.reset();
    transport_.reset();
    EXPECT_EQ(Await(log_->Close()), absl::OkStatus());
    EXPECT_EQ(Await(database_->Close()), absl::OkStatus());
  }

  // In the database, as an instance does that has no cache here.
  void PublishElsewhere(const std::string& body) {
    const Target target = {
        .name = "hello", .locale = "en", .etag = "", .now = clock_.Now()};
    TemplateVersion draft;
    draft.body = body;
    EXPECT_EQ(
        Await(database_->Transact([&](store::Tx& tx) {
          const VersionChange change =
              Publish(tx, target, AddDraft(tx, target, draft).version.version);
          outbox_.Emit<TemplateEvents::Published>(tx, ToPublished(change));
        })),
        absl::OkStatus());
  }

  int64_t VersionIn(TemplateCache& cache) {
    const auto compiled = Await(cache.Published({}, "hello", "en"));
    return compiled.ok() ? compiled->version().version : 0;
  }

  void LetEventsCome() {
    EXPECT_EQ(Await(Wait(absl::Milliseconds(2))), absl::OkStatus());
  }

  std::unique_ptr<store::Database> log_;
  std::unique_ptr<bus::Transport> transport_;
  std::optional<bus::Bus> bus_;
  std::optional<bus::OutboxRelay> relay_;
};

TEST_F(CacheFeedTest, EveryInstanceDropsWhatAnyOfThemPublishes) {
  TemplateCache one(*database_, clock_);
  TemplateCache two(*database_, clock_);
  CacheFeed feed_one(*bus_, one, logger_);
  CacheFeed feed_two(*bus_, two, logger_);
  feed_one.Start();
  feed_two.Start();
  // The clock stands still: nothing here is for its age. What comes before
  // the tails begin they may miss, so publish until both have heard.
  int64_t version = 0;
  for (bool heard = false; !heard;) {
    PublishElsewhere("x");
    ++version;
    LetEventsCome();
    heard = VersionIn(one) == version && VersionIn(two) == version;
  }
  PublishElsewhere("y");
  ++version;
  // What is read before the event has come is right, and dropped once more.
  while (VersionIn(one) != version || VersionIn(two) != version ||
         one.size() != 1 || two.size() != 1) {
    LetEventsCome();
  }
  EXPECT_EQ(Await(feed_one.Stop()), absl::OkStatus());
  EXPECT_EQ(Await(feed_two.Stop()), absl::OkStatus());
  EXPECT_EQ(one.size(), 0u);
}

TEST_F(CacheFeedTest, WhileTheBusIsAwayNothingIsKept) {
  bus::FakeTransport away;  // its tails end at once
  bus::Bus bus(loop_, away, logger_, metrics_);
  TemplateCache cache(*database_, clock_);
  CacheFeed feed(bus, cache, logger_, {.retry_after = absl::Milliseconds(1)});
  feed.Start();
  LetEventsCome();
  PublishElsewhere("x");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(VersionIn(cache), 1);
    LetEventsCome();
    EXPECT_EQ(cache.size(), 0u);
  }
  EXPECT_EQ(Await(feed.Stop()), absl::OkStatus());
}

}  // namespace
}  // namespace millrace::templates
