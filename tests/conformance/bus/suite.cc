#include "tests/conformance/bus/suite.h"

#include <utility>

#include "base/ids.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"

namespace millrace::bus::conformance {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(BusConformance);

namespace {

constexpr absl::Duration kLook = absl::Milliseconds(2);

}  // namespace

void BusConformance::SetUp() {
  auto harness = GetParam().make(loop_);
  if (!harness.ok()) GTEST_SKIP() << MessageOf(harness.status());
  harness_ = *std::move(harness);
}

void BusConformance::TearDown() {
  buses_.clear();
  kept_.clear();
  transport_.reset();
  harness_.reset();
}

void BusConformance::Run(Case test_case) {
  if (harness_ == nullptr) return;
  const Promise<absl::Status> outcome = AsStatusOr(Around(*this, test_case));
  (void)outcome.Then([this](const absl::Status&) { loop_.Stop(); });
  loop_.Run();
  ASSERT_TRUE(outcome.settled()) << "the case neither ended nor failed";
  EXPECT_TRUE(outcome.value().ok()) << outcome.value();
}

Promise<void> BusConformance::Around(BusConformance& test, Case test_case) {
  test.transport_ =
      co_await test.harness_->Open(test.loop_, test.logger_, test.metrics_);
  const absl::Status outcome = co_await AsStatusOr(test_case(test));
  for (const auto& bus : test.buses_) {
    (void)co_await AsStatusOr(bus->Drain(absl::Seconds(5)));
  }
  co_await CloseTransport(test);
  co_await test.harness_->Close();
  ThrowIfError(outcome);
}

Promise<void> BusConformance::CloseTransport(BusConformance& test) {
  if (test.transport_ == nullptr) co_return;
  test.buses_.clear();
  co_await test.transport_->Close(absl::Seconds(10));
  test.transport_.reset();
}

Promise<void> BusConformance::Reopen(BusConformance& test) {
  co_await CloseTransport(test);
  test.transport_ =
      co_await test.harness_->Open(test.loop_, test.logger_, test.metrics_);
}

Bus& BusConformance::NewBus(BusOptions options) {
  return *buses_.emplace_back(std::make_unique<Bus>(
      loop_, *transport_, logger_, metrics_, std::move(options)));
}

Promise<void> BusConformance::Until(std::function<bool()> done,
                                    std::string what) {
  return UntilDone(*this, std::move(done), std::move(what));
}

Promise<void> BusConformance::UntilDone(BusConformance& test,
                                        std::function<bool()> done,
                                        std::string what) {
  const absl::Time end = absl::Now() + test.features().patience;
  while (!done()) {
    if (absl::Now() > end) {
      Throw(absl::DeadlineExceededError(StrCat("never came: ", what)));
    }
    co_await Delay(kLook);
  }
}

std::string BusConformance::UniqueName(std::string_view stem) {
  return StrCat(stem, "-", NewId());
}

Promise<std::shared_ptr<TestContract>> BusConformance::NewContract(
    BusConformance& test, int partitions, RetryPolicy retry) {
  auto contract = std::make_shared<TestContract>(test.UniqueName("events"),
                                                 partitions, retry);
  std::vector<TopicSpec> topics(2);
  topics[0].name = contract->topic();
  topics[0].partitions = partitions;
  topics[1] = topics[0];
  topics[1].name = contract->dead_letter_topic();
  co_await test.transport().EnsureTopics(std::move(topics));
  co_return contract;
}

}  // namespace millrace::bus::conformance
