#include "services/users/keyring.h"

#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "tokens/secret.h"

namespace millrace::users {
namespace {

using tokens::Key;
using tokens::ScheduledKey;

// Before it, sealed keys; else PEM.
constexpr std::string_view kSealed = "sealed:";

std::string LabelOf(std::string_view id) { return StrCat("signing key ", id); }

}  // namespace

Keyring::Keyring(store::Database& database, const Clock& clock, Logger& logger,
                 KeyringOptions options)
    : database_(database),
      clock_(clock),
      logger_(logger),
      options_(std::move(options)),
      keys_(options_.rotation, {}) {
  ThrowIfError(options_.rotation.Validate());
}

std::string Keyring::Kept(const Key& key) const {
  std::string pem = ValueOrThrow(key.ToPrivatePem());
  if (options_.secret.empty()) return pem;
  return StrCat(kSealed, tokens::Seal(pem, LabelOf(key.id()), options_.secret));
}

Key Keyring::Opened(const std::string& id, const std::string& kept) const {
  if (!kept.starts_with(kSealed)) {
    return ValueOrThrow(Key::FromPem(kept)).WithId(id);
  }
  auto pem = tokens::Unseal(std::string_view(kept).substr(kSealed.size()),
                            LabelOf(id), options_.secret);
  if (!pem.ok()) {
    Throw(absl::FailedPreconditionError(
        StrCat(MessageOf(pem.status()),
               "; set identity.key_secret to the secret of before, or delete "
               "the rows of signing_keys, which ends all access tokens")));
  }
  return ValueOrThrow(Key::FromPem(*pem)).WithId(id);
}

std::vector<ScheduledKey> Keyring::Read(store::Tx& tx) const {
  std::vector<ScheduledKey> keys;
  for (const store::Row& row :
       tx.Query("SELECT id, private_key, signs_from FROM signing_keys")) {
    keys.push_back({Opened(row.Text("id"), row.Text("private_key")),
                    absl::FromUnixMicros(row.Int("signs_from"))});
  }
  return keys;
}

std::vector<ScheduledKey> Keyring::ReadAndRotate(store::Tx& tx) const {
  const absl::Time now = clock_.Now();
  std::vector<ScheduledKey> keys = Read(tx);
  const tokens::SigningKeys before(options_.rotation, keys);
  if (const auto signs_from = before.NextSignsFrom(now)) {
    const Key key = ValueOrThrow(Key::Generate(tokens::Algorithm::kEdDsa));
    keys.push_back(
        {key, absl::FromUnixMicros(absl::ToUnixMicros(*signs_from))});
    tx.Execute(
        "INSERT INTO signing_keys (id, private_key, signs_from) VALUES (:id, "
        ":private_key, :signs_from)",
        {{"id", key.id()},
         {"private_key", Kept(key)},
         {"signs_from", absl::ToUnixMicros(*signs_from)}});
  }
  for (const std::string& id : before.Gone(now)) {
    tx.Execute("DELETE FROM signing_keys WHERE id = :id", {{"id", id}});
  }
  return keys;
}

Promise<void> Keyring::Load() {
  // Nearly always there is nothing to do.
  tokens::SigningKeys keys(
      options_.rotation,
      co_await database_.Read([this](store::Tx& tx) { return Read(tx); }));
  const absl::Time now = clock_.Now();
  if (keys.NextSignsFrom(now) || !keys.Gone(now).empty()) {
    keys = tokens::SigningKeys(
        options_.rotation, co_await database_.Transact([this](store::Tx& tx) {
          return ReadAndRotate(tx);
        }));
  }
  keys_ = std::move(keys);
}

void Keyring::Start(EventLoop& loop) {
  if (options_.secret.empty()) {
    logger_.Info(
        "signing keys are stored as they are; set identity.key_secret to seal "
        "them");
  }
  timer_ = loop.SetInterval(options_.look_every, [this] {
    if (round_.settled() && !stopped_) round_ = Round();
  });
  timer_.Unref();
}

Promise<void> Keyring::Stop() {
  stopped_ = true;
  timer_.Clear();
  co_await round_;
}

// Rejects never.
Promise<void> Keyring::Round() {
  try {
    co_await Load();
  } catch (...) {
    logger_.Warning(
        "the signing keys could not be read; it is tried again",
        {{"error", MessageOf(StatusFrom(std::current_exception()))}});
  }
}

absl::StatusOr<Key> Keyring::Current() const {
  if (const Key* key = keys_.Current(clock_.Now())) return *key;
  return absl::UnavailableError("there is no key to sign with yet");
}

tokens::KeySet Keyring::Published() const {
  return keys_.Published(clock_.Now());
}

}  // namespace millrace::users
