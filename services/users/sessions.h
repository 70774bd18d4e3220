// What a session is, and what may become of one. Pure.
//
// A refresh token has two parts, "family.turn", both random. The family stays
// as long as the session, the turn is new each time; of both the database has
// digests alone. So a family that is known with a turn that is not is a token
// of this session that was used before: a copy is about, nobody can tell who
// has it, and the session ends. Somebody who only guesses does not know the
// family and ends nothing. This needs no list of used tokens.
//
// There is no grace for an answer that was lost on the way: then the person
// logs in again. A grace would be as good for the thief.
#ifndef MILLRACE_SERVICES_USERS_SESSIONS_H_
#define MILLRACE_SERVICES_USERS_SESSIONS_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace millrace::users {

struct SessionOptions {
  absl::Duration access_life = absl::Minutes(15);
  // Since the last refresh.
  absl::Duration refresh_life = absl::Hours(30 * 24);
  absl::Duration ticket_life = absl::Hours(24);
};

struct Session {
  std::string id;
  std::string user_id;
  std::string family;   // digest
  std::string current;  // digest of the turn that is good
  absl::Time create_time;
  absl::Time expire_time;
};

struct RefreshToken {
  std::string family;
  std::string turn;

  std::string ToText() const;
};

RefreshToken NewRefreshToken();
// With another turn.
RefreshToken NextTurn(const RefreshToken& token);
// Nothing for what has not two parts.
std::optional<RefreshToken> ParseRefreshToken(std::string_view text);

Session NewSession(std::string id, std::string user_id,
                   const RefreshToken& token, absl::Time now,
                   const SessionOptions& options);

enum class RefreshOutcome { kGood, kExpired, kReused };

// What `token`, whose family is the session's, is now. When it is good, `next`
// is from now on.
RefreshOutcome Refresh(const RefreshToken& token, const RefreshToken& next,
                       absl::Time now, const SessionOptions& options,
                       Session& session);

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_SESSIONS_H_
