// Who calls, by the access token of the call: what a pipeline's `identify` is
// when identity.jwks is configured.
//
// No token is an anonymous caller, whom the access of a method lets in or not.
// A token that is not good is UNAUTHENTICATED even where none is needed: who
// sends one means to be somebody. Why it is not good is logged, and not told:
// callers all get one sentence.
//
// A verified token is remembered for a minute at most, so that a client that
// calls a lot is verified once, and a key that was withdrawn does not live on.
// Memory is bounded.
//
// Loop thread; everything it is given outlives it.
#ifndef MILLRACE_RUNTIME_TOKEN_IDENTITY_H_
#define MILLRACE_RUNTIME_TOKEN_IDENTITY_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/context.h"
#include "base/logger.h"
#include "contract/dispatcher.h"
#include "loop/promise.h"
#include "runtime/token_keys.h"
#include "tokens/claims.h"

namespace millrace::runtime {

class TokenIdentity {
 public:
  TokenIdentity(TokenKeys& keys, tokens::Expectations expected,
                const Clock& clock, Logger& logger);

  // For PipelineOptions::prepare: nothing, unless the token's key has to be
  // fetched first.
  std::optional<Promise<void>> Prepare(const IncomingCall& call);

  // For PipelineOptions::identify.
  absl::StatusOr<Identity> Identify(const IncomingCall& call);

 private:
  struct Remembered {
    Identity identity;
    absl::Time until;
  };

  absl::StatusOr<Identity> Verify(std::string_view token, absl::Time now);
  absl::Status Refuse(const IncomingCall& call, const absl::Status& why);

  TokenKeys& keys_;
  const tokens::Expectations expected_;
  const Clock& clock_;
  Logger& logger_;
  absl::flat_hash_map<std::string, Remembered> remembered_;  // by token
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_TOKEN_IDENTITY_H_
