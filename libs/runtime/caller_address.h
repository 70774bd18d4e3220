// Which address a call comes from, for all that tells callers apart by
// address. Pure; any thread.
#ifndef MILLRACE_RUNTIME_CALLER_ADDRESS_H_
#define MILLRACE_RUNTIME_CALLER_ADDRESS_H_

#include <string>
#include <string_view>

#include "contract/dispatcher.h"

namespace millrace::runtime {

// "192.0.2.7", or the first half of an IPv6 address, "2001:db8::/64": who has
// one address of such a network usually has them all. Empty for callers on this
// machine that have none (unix sockets, calls within the process).
//
// `proxies` stand between the caller and this process, each of which adds to
// x-forwarded-for from whom it took the call. What the outermost of them added
// is believed; what stands before it anybody may have written. A call that did
// not come through all of them counts as of who made the connection.
std::string CallerAddress(const IncomingCall& call, int proxies);

// The address of "192.0.2.7:80", "[2001:db8::1]:80", "2001:db8::1",
// "ipv4:192.0.2.7:80" or "ipv6:%5B2001:db8::1%5D:80" in the form above. Empty
// when it is of a unix socket; another text as it is.
std::string AddressOfPeer(std::string_view peer);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_CALLER_ADDRESS_H_
