#include "bus/loop_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/status.h"
#include "bus/bus.h"
#include "bus/local/local_transport.h"
#include "loop/combinators.h"
#include "loop/loop_group.h"
#include "loop/testing/await.h"

namespace millrace::bus {
namespace {

using testing::ElementsAre;

// The embedded transport on the test's loop, used from the second one.
class LoopTransportTest : public testing::Test {
 protected:
  struct Part {
    std::unique_ptr<LoopTransport> transport;
  };

  LoopTransportTest() {
    loop_.AddRef();
    store::DatabaseOptions options;
    options.url = "sqlite::memory:";
    database_ =
        ValueOrThrow(store::Database::Open(loop_, options, logger_, metrics_));
    Promise<void> opened = Open();
    EXPECT_EQ(Await(std::move(opened)), absl::OkStatus());
    EXPECT_TRUE(
        group_
            .Start([this](EventLoop&,
                          int index) -> absl::StatusOr<std::shared_ptr<void>> {
              if (index == 0) return nullptr;
              auto part = std::make_shared<Part>();
              part->transport =
                  std::make_unique<LoopTransport>(LoopRef(loop_), *local_);
              there_ = part->transport.get();
              return part;
            })
            .ok());
  }
  ~LoopTransportTest() override {
    group_.Stop();
    group_.Join();
    (void)Await(local_->Close(absl::Seconds(1)));
    local_.reset();
    (void)Await(database_->Close());
  }

  Promise<void> Open() {
    local_ = co_await local::LocalTransport::Open(loop_, *database_, clock_,
                                                  logger_, metrics_);
    std::vector<TopicSpec> topics(1, TopicSpec{.name = "t", .partitions = 1});
    co_await local_->EnsureTopics(std::move(topics));
  }

  template <typename T>
  StatusOrVoid<T> Await(Promise<T> promise) {
    return AwaitOn(loop_, std::move(promise));
  }

  // On the second loop.
  template <typename F>
  auto There(F f) {
    return Await(CallOn(group_.loop(1), std::move(f)));
  }

  static Record Of(std::string value) {
    Record record;
    record.topic = "t";
    record.key = "k";
    record.value = std::move(value);
    return record;
  }

  static Promise<std::vector<std::string>> Read(Stream<Record> stream,
                                                size_t most) {
    std::vector<std::string> values;
    while (values.size() < most) {
      Promise<std::optional<Record>> next = stream.Next();
      const std::optional<Record> record = co_await std::move(next);
      if (!record.has_value()) break;
      values.push_back(record->value);
    }
    co_return values;
  }

  EventLoop loop_;
  NullLogger logger_;
  NullMetrics metrics_;
  SystemClock clock_;
  LoopGroup group_{loop_, {.loops = 2}};
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<local::LocalTransport> local_;
  LoopTransport* there_ = nullptr;
};

TEST_F(LoopTransportTest, WhatOneLoopPublishesAnotherReads) {
  EXPECT_EQ(There([this] {
              return there_->Publish({Of("1"), Of("2")});
            }),
            absl::OkStatus());
  EXPECT_EQ(Await(local_->Publish({Of("3")})), absl::OkStatus());
  EXPECT_THAT(*There([this] {
    return Read(there_->Tail({"t"}, TailFrom::kBeginning, false), 10);
  }),
              ElementsAre("1", "2", "3"));
  const auto offsets =
      *There([this] { return there_->Offsets("group", {"t"}); });
  ASSERT_EQ(offsets.size(), 1u);
  EXPECT_EQ(offsets[0].end, 3);
}

TEST_F(LoopTransportTest, TailFollowsAndIsHeldBackByItsReader) {
  constexpr size_t kCount = 2'000;  // more than may wait between the loops
  auto read = CallOn(group_.loop(1), [this] {
    return Read(there_->Tail({"t"}, TailFrom::kBeginning, true), kCount);
  });
  std::vector<Record> records;
  std::vector<std::string> expected;
  for (size_t i = 0; i < kCount; ++i) {
    expected.push_back(std::to_string(i));
    records.push_back(Of(expected.back()));
  }
  EXPECT_EQ(Await(local_->Publish(std::move(records))), absl::OkStatus());
  EXPECT_EQ(*Await(std::move(read)), expected);
}

TEST_F(LoopTransportTest, CloseEndsTheTailsOfItsLoopOnly) {
  auto other =
      AsStatusOr(Read(local_->Tail({"t"}, TailFrom::kBeginning, true), 1));
  auto read = CallOn(group_.loop(1), [this] {
    return Read(there_->Tail({"t"}, TailFrom::kBeginning, true), 1);
  });
  EXPECT_EQ(There([this] { return there_->Close(absl::Seconds(1)); }),
            absl::OkStatus());
  EXPECT_THAT(*Await(std::move(read)), ElementsAre());
  EXPECT_FALSE(other.settled());
  EXPECT_EQ(There([this] { return there_->Publish({Of("late")}); }).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(Await(local_->Publish({Of("1")})), absl::OkStatus());
  EXPECT_THAT(**Await(std::move(other)), ElementsAre("1"));
}

TEST_F(LoopTransportTest, ErrorsAndHealthAreTheTransports) {
  EXPECT_EQ(There([this] {
              return Read(there_->Tail({"none"}, TailFrom::kEnd, false), 1);
            })
                .status()
                .code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(*There([this] {
    return Promise<absl::Status>::Resolve(there_->health());
  }),
            absl::OkStatus());
}

TEST_F(LoopTransportTest, GroupsAreNotJoinedFromAnotherLoop) {
  struct Nothing final : ConsumerEvents {
    void OnAssigned(std::vector<AssignedPartition>) override {}
    Promise<void> OnRevoked(std::vector<TopicPartition>, Revoked) override {
      return Promise<void>::Resolve();
    }
    void OnRecords(std::vector<Record>) override {}
    void OnTrouble(const absl::Status&) override {}
  };
  EXPECT_EQ(There([this] {
              Nothing events;
              return Promise<absl::StatusCode>::Resolve(
                  there_->Join({.group = "g"}, events).status().code());
            }).value(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace millrace::bus
