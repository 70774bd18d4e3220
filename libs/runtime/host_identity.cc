// The part of Host that says who calls.
#include <algorithm>

#include "absl/strings/str_split.h"
#include "base/status.h"
#include "http/fetch.h"
#include "runtime/host.h"
#include "runtime/token_identity.h"
#include "runtime/token_keys.h"

namespace millrace::runtime {
namespace {

std::unique_ptr<TokenKeys> RemoteKeys(EventLoop& loop, const Clock& clock,
                                      Logger& logger,
                                      std::shared_ptr<tls::Credentials> tls,
                                      const config::v1::Identity& config) {
  return std::make_unique<RemoteTokenKeys>(
      clock, logger,
      [&loop, tls](const std::string& url, absl::Duration timeout) {
        // The configuration was checked: it is one.
        return http::Fetch(loop, ValueOrThrow(http::ParseHttpUrl(url)),
                           {.timeout = timeout, .tls = tls});
      },
      RemoteTokenKeysOptions{.url = config.jwks(),
                             .refresh = DurationOf(config.refresh())});
}

}  // namespace

absl::Status Host::MakeIdentity() {
  const config::v1::Identity& config = options_.config.identity();
  if (config.jwks().empty()) return absl::OkStatus();
  if (config.jwks() == "local") {
    auto keys = LocalKeys();
    if (!keys.ok()) return keys.status();
    token_keys_ = *std::move(keys);
  } else {
    token_keys_ =
        RemoteKeys(loop_, parts_.clock, logger_, options_.tls.jwks, config);
  }
  identity_ = std::make_unique<TokenIdentity>(
      *token_keys_,
      tokens::Expectations{.issuer = config.issuer(),
                           .audience = config.audience(),
                           .clock_skew = DurationOf(config.clock_skew())},
      parts_.clock, logger_);
  return absl::OkStatus();
}

// A token before a certificate: a service that calls on behalf of somebody
// shows its own certificate, and the other's token.
absl::StatusOr<Identity> Host::Identify(const IncomingCall& call) const {
  if (identity_ != nullptr) {
    auto identity = identity_->Identify(call);
    if (!identity.ok() || !identity->subject.empty()) return identity;
  }
  const config::v1::Identity& config = options_.config.identity();
  if (!config.certificates() || call.peer_subject.empty()) return Identity();
  Identity identity = {.subject = call.peer_subject};
  const auto found = config.certificate_permissions().find(call.peer_subject);
  if (found != config.certificate_permissions().end()) {
    identity.permissions =
        absl::StrSplit(found->second, ' ', absl::SkipEmpty());
  }
  return identity;
}

absl::StatusOr<std::unique_ptr<TokenKeys>> Host::LocalKeys() {
  const auto offers = [](const auto& module) {
    return module->module().OffersKeys();
  };
  const auto found = std::find_if(modules_.begin(), modules_.end(), offers);
  if (found == modules_.end()) {
    return absl::InvalidArgumentError(
        "identity.jwks is 'local', but no service of this process issues "
        "tokens; add the one that does to 'services', or set identity.jwks to "
        "the URL of its /.well-known/jwks.json");
  }
  return std::make_unique<LocalTokenKeys>(
      [hosted = found->get()] { return hosted->Keys(); });
}

}  // namespace millrace::runtime
