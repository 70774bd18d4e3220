#include "services/users/sessions.h"

#include <utility>

#include "base/strings.h"
#include "tokens/secret.h"

namespace millrace::users {

std::string RefreshToken::ToText() const { return StrCat(family, ".", turn); }

RefreshToken NewRefreshToken() {
  return {tokens::NewSecret(), tokens::NewSecret()};
}

RefreshToken NextTurn(const RefreshToken& token) {
  return {token.family, tokens::NewSecret()};
}

std::optional<RefreshToken> ParseRefreshToken(std::string_view text) {
  const size_t dot = text.find('.');
  if (dot == text.npos || dot == 0 || dot + 1 == text.size()) {
    return std::nullopt;
  }
  return RefreshToken{std::string(text.substr(0, dot)),
                      std::string(text.substr(dot + 1))};
}

Session NewSession(std::string id, std::string user_id,
                   const RefreshToken& token, absl::Time now,
                   const SessionOptions& options) {
  return {.id = std::move(id),
          .user_id = std::move(user_id),
          .family = tokens::SecretDigest(token.family),
          .current = tokens::SecretDigest(token.turn),
          .create_time = now,
          .expire_time = now + options.refresh_life};
}

RefreshOutcome Refresh(const RefreshToken& token, const RefreshToken& next,
                       absl::Time now, const SessionOptions& options,
                       Session& session) {
  // Of digests: how long a comparison takes tells nothing about the token.
  if (tokens::SecretDigest(token.turn) != session.current) {
    return RefreshOutcome::kReused;
  }
  if (now >= session.expire_time) return RefreshOutcome::kExpired;
  session.current = tokens::SecretDigest(next.turn);
  session.expire_time = now + options.refresh_life;
  return RefreshOutcome::kGood;
}

}  // namespace millrace::users
