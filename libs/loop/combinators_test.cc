#include "loop/combinators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "loop/event_loop.h"

namespace millrace {
namespace {

using testing::ElementsAre;

class CombinatorsTest : public testing::Test {
 protected:
  template <typename T>
  absl::StatusCode CodeOf(const Promise<T>& promise) {
    return promise.rejected() ? StatusFrom(promise.error()).code()
                              : absl::StatusCode::kOk;
  }

  EventLoop loop_;
};

TEST_F(CombinatorsTest, AllGathersInOrder) {
  const Deferred<int> a, b;
  auto both = All(std::vector<Promise<int>>{a.promise(), b.promise()});
  b.Resolve(2);
  loop_.SetImmediate([&] { a.Resolve(1); });
  auto none = All(std::vector<Promise<int>>());
  loop_.Run();
  EXPECT_THAT(both.value(), ElementsAre(1, 2));
  EXPECT_TRUE(none.value().empty());
}

TEST_F(CombinatorsTest, AllFailsWithTheFirstError) {
  const Deferred<void> a, b, c;
  auto all = AsStatusOr(All({a.promise(), b.promise(), c.promise()}));
  b.Reject(absl::NotFoundError("b"));
  c.Reject(absl::InternalError("c"));
  loop_.Run();
  ASSERT_TRUE(all.settled());
  EXPECT_EQ(all.value(), absl::NotFoundError("b"));
  a.Resolve();
}

TEST_F(CombinatorsTest, AllSettledNeverFails) {
  auto all = AllSettled(std::vector<Promise<int>>{
      Promise<int>::Resolve(1), Promise<int>::Reject(absl::AbortedError(""))});
  loop_.Run();
  EXPECT_EQ(*all.value()[0], 1);
  EXPECT_EQ(all.value()[1].status().code(), absl::StatusCode::kAborted);
}

TEST_F(CombinatorsTest, AnyTakesTheFirstValueAndRaceTheFirstOutcome) {
  const auto promises = [] {
    return std::vector<Promise<int>>{
        Promise<int>::Reject(absl::AbortedError("")), Promise<int>::Resolve(2)};
  };
  auto any = Any(promises());
  auto race = AsStatusOr(Race(promises()));
  auto none = AsStatusOr(Any(std::vector<Promise<int>>{
      Promise<int>::Reject(absl::AbortedError("")),
      Promise<int>::Reject(absl::NotFoundError(""))}));
  loop_.Run();
  EXPECT_EQ(any.value(), 2);
  EXPECT_EQ(race.value().status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(none.value().status().code(), absl::StatusCode::kNotFound);
}

TEST_F(CombinatorsTest, AnyRejectsWithAllErrorsInTheOrderOfThePromises) {
  std::vector<std::string> seen;
  const auto look = [&](std::exception_ptr error) {
    try {
      std::rethrow_exception(std::move(error));
    } catch (const AggregateError& all) {
      seen.push_back(all.status().ToString());
      for (const std::exception_ptr& one : all.errors()) {
        seen.push_back(StatusFrom(one).ToString());
      }
    }
    return 0;
  };
  const Deferred<int> late;
  auto none = Any(std::vector<Promise<int>>()).Catch(look);
  auto both = Any(std::vector<Promise<int>>{
                      late.promise(),
                      Promise<int>::Reject(absl::NotFoundError("second"))})
                  .Catch(look);
  loop_.SetImmediate([&] { late.Reject(absl::AbortedError("first")); });
  loop_.Run();
  EXPECT_TRUE(none.settled() && both.settled());
  EXPECT_THAT(
      seen,
      ElementsAre("INVALID_ARGUMENT: Any() of no promises",
                  "ABORTED: all 2 promises were rejected, the last one with: "
                  "first",
                  "ABORTED: first", "NOT_FOUND: second"));
}

TEST_F(CombinatorsTest, FinallyWaitsForThePromiseOfItsFunction) {
  const Deferred<void> cleaned;
  auto kept = Promise<int>::Resolve(1).Finally(
      [&cleaned] { return cleaned.promise(); });
  auto moved = Promise<std::unique_ptr<int>>::Resolve(std::make_unique<int>(2))
                   .Finally([&cleaned] { return cleaned.promise(); });
  auto failed =
      AsStatusOr(Promise<int>::Reject(absl::AbortedError("own")).Finally([] {
        return Promise<int>::Resolve(7);
      }));
  auto overruled = AsStatusOr(Promise<int>::Resolve(1).Finally(
      [] { return Promise<void>::Reject(absl::DataLossError("cleaning")); }));
  loop_.SetImmediate([&] {
    EXPECT_FALSE(kept.settled());
    cleaned.Resolve();
  });
  loop_.Run();
  EXPECT_EQ(kept.value(), 1);
  EXPECT_EQ(*moved.value(), 2);
  EXPECT_EQ(failed.value().status(), absl::AbortedError("own"));
  EXPECT_EQ(overruled.value().status(), absl::DataLossError("cleaning"));
}

TEST_F(CombinatorsTest, WithTimeoutFailsWhenTheTimeIsUp) {
  const Deferred<int> never;
  auto late = AsStatusOr(WithTimeout(never.promise(), absl::Milliseconds(1)));
  auto in_time = WithTimeout(Promise<int>::Resolve(1), absl::Seconds(1000));
  loop_.Run();
  EXPECT_EQ(late.value().status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(in_time.value(), 1);
}

TEST_F(CombinatorsTest, DelayEndsByTimeOrBySignal) {
  AbortController controller;
  auto aborted = AsStatusOr(Delay(absl::Seconds(1000), controller.signal()));
  auto forever =
      AsStatusOr(Delay(absl::InfiniteDuration(), controller.signal()));
  auto in_time = Delay(absl::Milliseconds(1), controller.signal());
  auto plain = Delay(absl::Milliseconds(2)).Then([&] {
    controller.Abort(absl::AbortedError("enough"));
  });
  loop_.Run();
  EXPECT_TRUE(plain.settled());
  EXPECT_FALSE(in_time.rejected());
  EXPECT_EQ(aborted.value(), absl::AbortedError("enough"));
  EXPECT_EQ(forever.value(), absl::AbortedError("enough"));
  EXPECT_EQ(CodeOf(Delay(absl::Milliseconds(1), controller.signal())),
            absl::StatusCode::kAborted);
}

TEST_F(CombinatorsTest, WithSignalLetsGoWhenAborted) {
  AbortController controller;
  const Deferred<int> never;
  auto waiting = AsStatusOr(WithSignal(never.promise(), controller.signal()));
  auto done = WithSignal(Promise<int>::Resolve(1), controller.signal());
  loop_.SetImmediate([&] { controller.Abort(); });
  loop_.Run();
  EXPECT_EQ(waiting.value().status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(done.value(), 1);
}

TEST_F(CombinatorsTest, WithSignalKeepsACombinedSignal) {
  AbortController controller;
  const Deferred<int> never;
  auto waiting = AsStatusOr(
      WithSignal(never.promise(), AbortSignal::Any({controller.signal()})));
  loop_.SetImmediate([&] { controller.Abort(absl::AbortedError("enough")); });
  loop_.Run();
  ASSERT_TRUE(waiting.settled());
  EXPECT_EQ(waiting.value().status(), absl::AbortedError("enough"));
}

TEST_F(CombinatorsTest, ADelayMayBeLongerThanATimer) {
  AbortController controller;
  auto month = AsStatusOr(Delay(absl::Hours(24 * 30), controller.signal()));
  auto ever = AsStatusOr(Delay(absl::InfiniteDuration(), controller.signal()));
  loop_.SetTimeout(absl::Milliseconds(5), [&] {
    // What is too long for a timer would have been 1 ms.
    EXPECT_FALSE(month.settled() || ever.settled());
    controller.Abort();
  });
  loop_.Run();
  EXPECT_TRUE(absl::IsCancelled(month.value()));
  EXPECT_TRUE(absl::IsCancelled(ever.value()));
}

}  // namespace
}  // namespace millrace
