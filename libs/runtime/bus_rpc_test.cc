#include "runtime/bus_rpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/strings.h"
#include "bus/codec.h"
#include "bus/dead_letter.h"
#include "bus/testing/fake_transport.h"
#include "loop/event_loop.h"
#include "rpc/channel.h"
#include "runtime/test_support.h"
#include "runtime/testdata/sample_host.h"
#include "sample/v1/sample.millrace.h"

namespace millrace::runtime {
namespace {

Promise<v1::ListDeadLettersResponse> List(Channel& channel) {
  v1::BusServiceClient bus(channel);
  v1::ListDeadLettersRequest request;
  request.set_page_size(1000);
  const Call call;
  co_return co_await bus.ListDeadLetters(call, request);
}

Promise<v1::ReplayDeadLettersResponse> ReplayAll(Channel& channel) {
  v1::BusServiceClient bus(channel);
  v1::ReplayDeadLettersRequest request;
  request.set_all(true);
  const Call call;
  co_return co_await bus.ReplayDeadLetters(call, request);
}

class BusRpcTest : public SampleHostTest {
 protected:
  void Bury(int64_t offset) {
    const ContractInfo& contract = sample::v1::GreeterEvents::Info();
    sample::v1::Greeting greeting;
    greeting.set_text(std::string(8000, 'x'));
    EventEnvelope event;
    event.id = StrCat("event-", offset);
    event.type = std::string(contract.events[0].type);
    event.source = "/greeter";
    event.payload = greeting.SerializeAsString();
    bus::DeadLetter letter;
    letter.group = "choir.heard";
    letter.failure = absl::InternalError(std::string(1000, 'y'));
    letter.dead_time = absl::FromUnixSeconds(1'800'000'000 + offset);
    letter.source = bus::EncodeEvent(event, std::string(contract.topic));
    letter.source.partition = 0;
    letter.source.offset = offset;
    transport_.published.push_back(
        bus::EncodeDeadLetter(letter, std::string(contract.dead_letter_topic)));
  }

  bus::FakeTransport transport_;
};

// More than fit into one answer, with and without their payloads.
TEST_F(BusRpcTest, ManyLettersAreListedAndReplayed) {
  constexpr size_t kLetters = 3000;
  for (size_t i = 0; i < kLetters; ++i) Bury(i);
  ASSERT_TRUE(Create(&transport_).ok());
  ASSERT_TRUE(Settle(loop_, host_->Start()).ok());
  const auto channel =
      rpc::NewChannel(host_->engine(), {.target = host_->grpc_address()});

  const auto page = Settle(loop_, List(*channel));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_GT(page->dead_letters_size(), 100);
  EXPECT_TRUE(page->dead_letters(0).event().has_proto_data());
  EXPECT_FALSE(page->next_page_token().empty());

  std::set<std::string> replayed;
  for (bool more = true; more;) {
    const auto some = Settle(loop_, ReplayAll(*channel));
    ASSERT_TRUE(some.ok()) << some.status();
    for (const v1::DeadLetter& letter : some->dead_letters()) {
      EXPECT_TRUE(letter.replayed());
      EXPECT_EQ(letter.event().data_case(), v1::Envelope::DATA_NOT_SET);
      EXPECT_TRUE(replayed.insert(letter.event().id()).second);
    }
    more = some->more();
  }
  EXPECT_EQ(replayed.size(), kLetters);
  EXPECT_TRUE(Drain().ok());
}

TEST(BusRpcLogTest, SaysInTheLogWhoReplaysWhat) {
  EventLoop loop;
  MemoryLogger logger;
  NullMetrics metrics;
  bus::FakeTransport transport;
  bus::Bus bus(loop, transport, logger, metrics);
  const ContractInfo& contract = sample::v1::GreeterEvents::Info();
  BusRpc rpc(bus, {&contract}, logger);
  ASSERT_TRUE(Settle(loop, bus.Declare(contract)).ok());
  bus::DeadLetter letter;
  letter.group = "choir.heard";
  letter.failure = absl::InternalError("it is out of tune");
  letter.source.topic = std::string(contract.topic);
  letter.source.partition = 0;
  letter.source.offset = 7;
  letter.source.time = absl::FromUnixSeconds(1'800'000'000);
  transport.published.push_back(
      bus::EncodeDeadLetter(letter, std::string(contract.dead_letter_topic)));

  Call call;
  call.context.identity.subject = "ada";
  v1::ReplayDeadLettersRequest request;
  request.set_all(true);
  request.set_dry_run(true);
  EXPECT_TRUE(Settle(loop, rpc.ReplayDeadLetters(call, request)).ok());
  EXPECT_TRUE(logger.Saying("a dead letter is replayed").empty());
  request.set_dry_run(false);
  const auto replayed = Settle(loop, rpc.ReplayDeadLetters(call, request));
  ASSERT_TRUE(replayed.ok()) << replayed.status();
  EXPECT_EQ(replayed->dead_letters_size(), 1);
  const auto lines = logger.Saying("a dead letter is replayed");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].at("letter"),
            "choir.heard/sample.v1.greetings/0/7/1800000000000");
  EXPECT_EQ(lines[0].at("subject"), "ada");
}

// The contract would give it more attempts than this time allows.
TEST_F(BusRpcTest, AFailingEventIsGivenUpAfterTheTimeForRetries) {
  config_.mutable_bus()->set_retry_for("1ms");
  int heard = 0;
  journal_.on_hear = [&heard] {
    ++heard;
    Throw(absl::InternalError("no voice today"));
  };
  Start();
  EXPECT_THAT(
      Http("POST", "/sample.v1.GreeterService/Greet", R"({"name":"Ada"})"),
      testing::StartsWith("HTTP/1.1 200 "));
  const auto channel =
      rpc::NewChannel(host_->engine(), {.target = host_->grpc_address()});
  absl::StatusOr<v1::ListDeadLettersResponse> letters;
  do {
    letters = Settle(loop_, List(*channel));
    ASSERT_TRUE(letters.ok()) << letters.status();
  } while (letters->dead_letters_size() == 0);
  EXPECT_LE(heard, 2);
  EXPECT_THAT(letters->dead_letters(0).reason(),
              testing::HasSubstr("no voice today"));
  EXPECT_TRUE(Drain().ok());
}

}  // namespace
}  // namespace millrace::runtime
