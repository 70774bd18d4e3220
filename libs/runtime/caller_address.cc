#include "runtime/caller_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/strings.h"

namespace millrace::runtime {
namespace {

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// Without brackets and port.
std::string_view HostOf(std::string_view text) {
  // As gRPC writes brackets.
  constexpr std::string_view kOpen = "%5B", kClose = "%5D";
  if (text.starts_with(kOpen)) {
    return text.substr(kOpen.size(), text.find(kClose) - kOpen.size());
  }
  if (text.starts_with('[')) return text.substr(1, text.find(']') - 1);
  const size_t colon = text.find(':');
  // More than one: of IPv6, without a port.
  if (colon == text.npos || text.find(':', colon + 1) != text.npos) return text;
  return text.substr(0, colon);
}

// Nothing when it is no address of IPv6.
std::string Network(std::string host) {
  host = host.substr(0, host.find('%'));  // the zone of a link-local one
  in6_addr address;
  if (inet_pton(AF_INET6, host.c_str(), &address) != 1) return {};
  char text[INET6_ADDRSTRLEN];
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    return inet_ntop(AF_INET, &address.s6_addr[12], text, sizeof(text));
  }
  std::memset(&address.s6_addr[8], 0, 8);
  return StrCat(inet_ntop(AF_INET6, &address, text, sizeof(text)), "/64");
}

}  // namespace

std::string AddressOfPeer(std::string_view peer) {
  if (peer.starts_with("unix:") || peer.starts_with("unix-abstract:")) {
    return {};
  }
  for (const std::string_view scheme : {"ipv4:", "ipv6:"}) {
    if (peer.starts_with(scheme)) peer.remove_prefix(scheme.size());
  }
  std::string host(HostOf(peer));
  std::string network = Network(host);
  return network.empty() ? host : network;
}

std::string CallerAddress(const IncomingCall& call, int proxies) {
  if (proxies > 0) {
    std::vector<std::string_view> passed;
    for (const auto& [name, value] : call.metadata) {
      if (name != "x-forwarded-for") continue;
      for (std::string_view rest = value; true;) {
        const size_t comma = rest.find(',');
        passed.push_back(Trim(rest.substr(0, comma)));
        if (comma == rest.npos) break;
        rest.remove_prefix(comma + 1);
      }
    }
    if (passed.size() >= static_cast<size_t>(proxies)) {
      std::string address = AddressOfPeer(passed[passed.size() - proxies]);
      if (!address.empty()) return address;
    }
  }
  return AddressOfPeer(call.peer);
}

}  // namespace millrace::runtime
