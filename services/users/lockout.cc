#include "services/users/lockout.h"

#include <arpa/inet.h>

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "tokens/secret.h"

namespace millrace::users {
namespace {

constexpr int64_t kMostDoublings = 30;

// "ipv6:%5B::1%5D:5", as gRPC may spell it, is "[::1]:5".
std::string Plain(std::string_view peer) {
  std::string text(peer);
  if (text.starts_with("ipv4:") || text.starts_with("ipv6:")) text.erase(0, 5);
  for (const auto& [from, to] :
       {std::pair("%5B", "["), std::pair("%5D", "]")}) {
    if (const size_t at = text.find(from); at != text.npos) {
      text.replace(at, 3, to);
    }
  }
  return text;
}

std::string PlaceOf(std::string_view peer) {
  const std::string text = Plain(peer);
  in6_addr v6;
  if (text.starts_with('[') &&
      inet_pton(AF_INET6, text.substr(1, text.find(']') - 1).c_str(), &v6) ==
          1) {
    const auto* bytes = reinterpret_cast<const char*>(v6.s6_addr);
    return IN6_IS_ADDR_V4MAPPED(&v6) ? std::string(bytes + 12, 4)
                                     : std::string(bytes, 8);
  }
  in_addr v4;
  if (inet_pton(AF_INET, text.substr(0, text.rfind(':')).c_str(), &v4) == 1) {
    return std::string(reinterpret_cast<const char*>(&v4), sizeof v4);
  }
  return "elsewhere";
}

bool Forgotten(const Failures& failures, absl::Time now,
               const LockoutOptions& options) {
  return now - failures.last >= options.memory;
}

}  // namespace

absl::Duration PauseBefore(const Failures& failures, absl::Time now,
                           const LockoutOptions& options) {
  if (failures.count < options.free || Forgotten(failures, now, options)) {
    return absl::ZeroDuration();
  }
  const int64_t doublings =
      std::min(failures.count - options.free, kMostDoublings);
  const absl::Duration pause = std::min(
      options.first_pause * (int64_t{1} << doublings), options.longest_pause);
  return std::max(failures.last + pause - now, absl::ZeroDuration());
}

Failures OneMore(Failures failures, absl::Time now,
                 const LockoutOptions& options) {
  if (Forgotten(failures, now, options)) failures.count = 0;
  return {failures.count + 1, now};
}

Failures GiveBack(const Failures& present, const Failures& counted,
                  const Failures& before) {
  // Its time goes too, or there would be a pause after what was no failure.
  if (present == counted) return before;
  return {std::max<int64_t>(present.count - 1, 0), present.last};
}

std::string BucketOf(std::string_view email, std::string_view peer) {
  // No e-mail address has a NUL in it.
  return tokens::SecretDigest(
      StrCat(email, std::string_view("\0", 1), PlaceOf(peer)));
}

}  // namespace millrace::users
