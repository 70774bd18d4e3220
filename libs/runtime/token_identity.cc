#include "runtime/token_identity.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "runtime/authorization.h"
#include "tokens/jws.h"
#include "tokens/jwt.h"

namespace millrace::runtime {
namespace {

constexpr absl::Duration kRemember = absl::Minutes(1);
constexpr size_t kMostRemembered = 4096;

}  // namespace

TokenIdentity::TokenIdentity(TokenKeys& keys, tokens::Expectations expected,
                             const Clock& clock, Logger& logger)
    : keys_(keys),
      expected_(std::move(expected)),
      clock_(clock),
      logger_(logger) {}

std::optional<Promise<void>> TokenIdentity::Prepare(const IncomingCall& call) {
  const auto token = BearerToken(call.metadata);
  if (!token.ok() || token->empty() || remembered_.contains(ToAbsl(*token))) {
    return std::nullopt;
  }
  const auto jws = tokens::ReadJws(*token);
  if (!jws.ok()) return std::nullopt;
  return keys_.Want(jws->key_id);
}

absl::StatusOr<Identity> TokenIdentity::Identify(const IncomingCall& call) {
  const auto token = BearerToken(call.metadata);
  if (!token.ok()) return token.status();
  if (token->empty()) return Identity();
  const absl::Time now = clock_.Now();
  const auto found = remembered_.find(ToAbsl(*token));
  if (found != remembered_.end()) {
    if (now < found->second.until) return found->second.identity;
    remembered_.erase(found);
  }
  auto identity = Verify(*token, now);
  if (identity.ok() ||
      identity.status().code() == absl::StatusCode::kUnavailable) {
    return identity;
  }
  return Refuse(call, identity.status());
}

absl::StatusOr<Identity> TokenIdentity::Verify(std::string_view token,
                                               absl::Time now) {
  const auto keys = keys_.Keys();
  if (!keys.ok()) return keys.status();
  auto claims = tokens::VerifyToken(token, *keys, expected_, now);
  if (!claims.ok()) return claims.status();
  Identity identity = {.subject = std::move(claims->subject),
                       .permissions = std::move(claims->permissions)};
  // All of them at once: simple, and as good as any other choice.
  if (remembered_.size() >= kMostRemembered) remembered_.clear();
  remembered_[std::string(token)] = {
      identity,
      std::min(now + kRemember, claims->expiry + expected_.clock_skew)};
  return identity;
}

absl::Status TokenIdentity::Refuse(const IncomingCall& call,
                                   const absl::Status& why) {
  logger_.Info("an access token was refused",
               {{"method", call.method->path.substr(1)},
                {"peer", call.peer},
                {"reason", MessageOf(why)}});
  return absl::UnauthenticatedError(
      "the access token is not accepted; refresh it or log in again");
}

}  // namespace millrace::runtime
