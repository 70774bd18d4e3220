// What the server allocates for a small request, when it has served some.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "http/server_fixture.h"
#include "tests/support/allocation_counter.h"

namespace millrace::http {
namespace {

class ServerAllocations : public ServerFixture {};

TEST_F(ServerAllocations, AreFewForASmallRequest) {
  if (!test::kPoolsWork) {
    GTEST_SKIP() << "under AddressSanitizer the pools keep nothing";
  }
  constexpr size_t kTimes = 200;
  // The request's fields (2), its place in the connection's order, its abort
  // signal; and the answer's fields (2).
  constexpr int64_t kEach = 6;
  std::vector<int64_t> counts;
  counts.reserve(2 * kTimes);
  router_.Get("/", [&counts](Request) {
    counts.push_back(test::Allocations());
    return Promise<Response>::Resolve(Response::Text(200, "ok"));
  });
  Serve([this] {
    TestClient client(port());
    for (size_t i = 0; i < 2 * kTimes; ++i) {
      client.Send(GetRequest("/"));
      ASSERT_EQ(client.Read().status, 200);
    }
  });
  ASSERT_EQ(counts.size(), 2 * kTimes);
  const int64_t allocated = counts.back() - counts[kTimes - 1];
  EXPECT_GE(allocated, static_cast<int64_t>(kTimes)) << "they are not counted";
  // The order is kept in a deque, whose blocks come and go.
  EXPECT_LE(allocated, static_cast<int64_t>(kTimes) * kEach + kTimes / 16);
}

}  // namespace
}  // namespace millrace::http
