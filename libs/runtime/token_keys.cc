#include "runtime/token_keys.h"

#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/strings.h"
#include "tokens/jwk.h"

namespace millrace::runtime {
namespace {

absl::Status NoKeys() {
  return absl::UnavailableError(
      "the keys of access tokens are not there yet; try again later");
}

}  // namespace

absl::StatusOr<tokens::KeySet> LocalTokenKeys::Keys() const {
  tokens::KeySet keys = keys_();
  if (keys.keys().empty()) return NoKeys();
  return keys;
}

RemoteTokenKeys::RemoteTokenKeys(const Clock& clock, Logger& logger,
                                 Fetch fetch, RemoteTokenKeysOptions options)
    : state_(std::make_shared<State>(State{.clock = clock,
                                           .logger = logger,
                                           .fetch = std::move(fetch),
                                           .options = std::move(options)})) {}

absl::StatusOr<tokens::KeySet> RemoteTokenKeys::Keys() const {
  if (!state_->known) return NoKeys();
  return state_->keys;
}

std::optional<Promise<void>> RemoteTokenKeys::Want(std::string_view id) {
  const bool missing =
      !state_->known || (!id.empty() && state_->keys.Find(id) == nullptr);
  if (fetching_.settled()) {
    const absl::Time now = state_->clock.Now();
    const absl::Duration age = now - state_->began;
    const RemoteTokenKeysOptions& options = state_->options;
    if (age < (missing ? options.least_pause : options.refresh)) {
      return std::nullopt;
    }
    state_->began = now;
    fetching_ = Refresh(state_);
  }
  // A set that has merely aged is good meanwhile.
  if (!missing) return std::nullopt;
  return fetching_;
}

// Rejects never.
Promise<void> RemoteTokenKeys::Refresh(std::shared_ptr<State> state) {
  absl::Status status;
  try {
    const std::string body =
        co_await state->fetch(state->options.url, state->options.timeout);
    tokens::Jwks set = ValueOrThrow(tokens::FromJwks(body));
    if (set.keys.empty()) {
      Throw(absl::FailedPreconditionError(
          StrCat("it has no key that is used here (",
                 absl::StrJoin(set.skipped, "; "), ")")));
    }
    state->keys = tokens::KeySet(std::move(set.keys));
    state->known = true;
  } catch (...) {
    status = StatusFrom(std::current_exception());
  }
  if (status.ok()) co_return;
  state->logger.Warning(
      "the keys of access tokens could not be fetched",
      {{"url", state->options.url}, {"error", MessageOf(status)}});
}

}  // namespace millrace::runtime
