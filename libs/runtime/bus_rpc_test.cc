#include "runtime/bus_rpc.h"

#include <gtest/gtest.h>

#include "bus/testing/fake_transport.h"
#include "loop/event_loop.h"
#include "runtime/test_support.h"
#include "sample/v1/sample.millrace.h"

namespace millrace::runtime {
namespace {

TEST(BusRpcTest, SaysInTheLogWhoReplaysWhat) {
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
  EXPECT_EQ(lines[0].at("letter"), "choir.heard/sample.v1.greetings/0/7");
  EXPECT_EQ(lines[0].at("subject"), "ada");
}

}  // namespace
}  // namespace millrace::runtime
