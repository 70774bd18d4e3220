#include "runtime/caller_address.h"

#include <gtest/gtest.h>

namespace millrace::runtime {
namespace {

TEST(CallerAddressTest, PeersOfBothFacesAreOneAddress) {
  EXPECT_EQ(AddressOfPeer("ipv4:192.0.2.7:4711"), "192.0.2.7");
  EXPECT_EQ(AddressOfPeer("192.0.2.7:1"), "192.0.2.7");
  EXPECT_EQ(AddressOfPeer("[::ffff:192.0.2.7]:1"), "192.0.2.7");
}

TEST(CallerAddressTest, OfIpv6ItIsTheNetwork) {
  for (const char* peer : {"ipv6:%5B2001:db8::1%5D:4711", "[2001:db8::2]:80",
                           "2001:db8::3", "[2001:db8:0:0:ffff::9]:1"}) {
    EXPECT_EQ(AddressOfPeer(peer), "2001:db8::/64") << peer;
  }
  EXPECT_EQ(AddressOfPeer("[2001:db8:0:1::2]:80"), "2001:db8:0:1::/64");
  EXPECT_EQ(AddressOfPeer("[fe80::1%eth0]:80"), "fe80::/64");
}

TEST(CallerAddressTest, WhoHasNoneIsNobody) {
  EXPECT_EQ(AddressOfPeer("unix:/run/x.sock"), "");
  EXPECT_EQ(AddressOfPeer("unix-abstract:x"), "");
  EXPECT_EQ(AddressOfPeer(""), "");
}

TEST(CallerAddressTest, OddTextsAreKeysOfTheirOwn) {
  EXPECT_EQ(AddressOfPeer("[::1"), "::/64");
  EXPECT_EQ(AddressOfPeer("%5B"), "");
  EXPECT_EQ(AddressOfPeer("unknown"), "unknown");
}

TEST(CallerAddressTest, OnlyWhatAProxyAddedIsBelieved) {
  IncomingCall call;
  call.peer = "10.0.0.1:80";
  call.metadata = {{"x-forwarded-for", "6.6.6.6, 192.0.2.7"},
                   {"x-forwarded-for", "10.0.0.2"}};
  EXPECT_EQ(CallerAddress(call, 0), "10.0.0.1");
  EXPECT_EQ(CallerAddress(call, 1), "10.0.0.2");
  EXPECT_EQ(CallerAddress(call, 2), "192.0.2.7");
  // It passed by the outermost.
  EXPECT_EQ(CallerAddress(call, 4), "10.0.0.1");
  call.metadata = {{"x-forwarded-for", "192.0.2.7,"}};
  EXPECT_EQ(CallerAddress(call, 1), "10.0.0.1");
  call.metadata.clear();
  EXPECT_EQ(CallerAddress(call, 1), "10.0.0.1");
}

}  // namespace
}  // namespace millrace::runtime
