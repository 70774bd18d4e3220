// Calls above max_concurrent_streams, as RFC 9113 (5.1.2) has it.

#include <gmock/gmock.h>

#include <thread>
#include <vector>

#include "base/strings.h"
#include "rpc/raw_client.h"
#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

using Http2StreamsTest = RpcTest;

// A client that minds the limit waits with the next call.
TEST_F(Http2StreamsTest, CallsAboveTheLimitOfAConnectionWait) {
  StartServer({.max_concurrent_streams = 1});
  Connect();
  std::vector<Deferred<EchoReply>> held;
  echo_.say = [&](Call, const EchoRequest&) {
    return held.emplace_back().promise();
  };
  const auto first = AsStatusOr(Say(Request("")));
  RunUntil([&] { return held.size() == 1; });
  const auto second = AsStatusOr(Say(Request("")));
  // Would have come as fast as the first.
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(Await(Delay(absl::Milliseconds(1))), absl::OkStatus());
  }
  EXPECT_EQ(held.size(), 1u);
  held[0].Resolve(Reply("one"));
  RunUntil([&] { return held.size() == 2; });
  held[1].Resolve(Reply("two"));
  EXPECT_EQ(Await(first)->value().text(), "one");
  EXPECT_EQ(Await(second)->value().text(), "two");
}

// One that does not is refused that call alone, which it may make again:
// REFUSED_STREAM says that nothing was done.
TEST_F(Http2StreamsTest, StreamsAboveTheLimitAreRefused) {
  StartServer({.max_concurrent_streams = 1});
  std::vector<Deferred<EchoReply>> held;
  echo_.say = [&](Call, const EchoRequest&) {
    return held.emplace_back().promise();
  };
  std::thread thread([&, port = server_->port()] {
    const auto client = RawClient::Greeting(port);
    for (const uint32_t stream : {1, 3}) {
      client->Send(
          StrCat(Frame(kHeaders, kEndHeaders, stream, CallHeaders("Say")),
                 Frame(kData, kEndStream, stream, Number(0, 5))));
    }
    const auto reset = client->ReadUntil(kReset);
    EXPECT_TRUE(reset.has_value());
    if (reset.has_value()) {
      EXPECT_EQ(reset->stream, 3u);
      EXPECT_EQ(reset->payload, Number(7, 4));
    }
    loop_.Post([&] { held[0].Resolve(Reply("one")); });
    EXPECT_THAT(client->ReadFields(kEndStream),
                testing::Contains(testing::Pair("grpc-status", "0")));
    loop_.Post([this] { loop_.Stop(); });
  });
  loop_.Run();
  thread.join();
  EXPECT_EQ(held.size(), 1u);
}

}  // namespace
}  // namespace millrace::rpc
