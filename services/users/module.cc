#include "services/users/module.h"

#include <optional>

#include "base/status.h"
#include "services/users/keyring.h"
#include "services/users/permissions.h"
#include "services/users/purge.h"
#include "services/users/rpc.h"
#include "services/users/rpc_sessions.h"
#include "services/users/settings.h"
#include "tokens/jwk.h"
#include "tokens/password.h"
#include "users/migrations.h"
#include "users/v1/events.millrace.h"

namespace millrace::users {
namespace {

constexpr runtime::Route kJwks = {"GET", "/.well-known/jwks.json"};

class UsersModule final : public runtime::Module {
 public:
  std::string_view name() const override { return "users"; }

  std::vector<const ServiceInfo*> Provides() const override {
    return {&::users::v1::UsersService::Info(),
            &::users::v1::SessionsService::Info()};
  }

  std::vector<runtime::Route> Routes() const override { return {kJwks}; }
  bool OffersKeys() const override { return true; }

  std::vector<const ContractInfo*> Contracts() const override {
    return {&::users::v1::UserEvents::Info(),
            &::admin::v1::AdminEvents::Info()};
  }

  std::vector<store::Migration> Migrations() const override {
    return UsersMigrations();
  }

  Promise<void> Start(runtime::ModuleContext& context) override {
    const UsersSettings& settings =
        context.settings().GetExtension(UsersSettings::users);
    rpc_.emplace(context.database(), context.outbox(), context.clock(),
                 UsersOptionsOf(settings));
    context.Serve(Bind(*rpc_));
    purger_.emplace(context.database(), context.outbox(), context.clock(),
                    context.logger(), PurgeOptionsOf(settings));
    co_await StartSessions(context, settings);
    inbox_.emplace(
        context.database(), kPermissionsGroup,
        std::vector<const ContractInfo*>{&::admin::v1::AdminEvents::Info()});
    permissions_.emplace(*inbox_);
    context.Subscribe<::admin::v1::AdminEvents>(kPermissionsGroup,
                                                *permissions_);
    purger_->Start(context.loop());
  }

  void Reload(const config::v1::Settings& settings) override {
    const UsersSettings& users = settings.GetExtension(UsersSettings::users);
    rpc_->SetRetention(UsersOptionsOf(users).retention);
  }

  Promise<void> Stop() override {
    co_await purger_->Stop();
    co_await keyring_->Stop();
  }

 private:
  // `settings` may go once it has begun.
  Promise<void> StartSessions(runtime::ModuleContext& context,
                              const UsersSettings& settings) {
    const runtime::TokenSettings& tokens = context.tokens();
    hasher_.emplace(PasswordOptionsOf(settings.passwords()));
    SessionsRpcOptions options = {
        .issuer = tokens.issuer,
        .audience = tokens.audience,
        .sessions = SessionOptionsOf(settings.tokens()),
        .lockout = LockoutOptionsOf(settings.lockout())};
    KeyringOptions keys;
    keys.rotation = RotationOptionsOf(settings.tokens());
    keys.secret = tokens.key_secret;
    keyring_.emplace(context.database(), context.clock(), context.logger(),
                     std::move(keys));
    co_await keyring_->Load();
    keyring_->Start(context.loop());
    sessions_.emplace(context.database(), context.outbox(), context.clock(),
                      *hasher_, *keyring_, std::move(options));
    context.Serve(Bind(*sessions_));
    context.OfferKeys([this] { return keyring_->Published(); });
    context.Handle(kJwks, [this](http::Request) {
      return Promise<http::Response>::Resolve(JwksResponse());
    });
  }

  // Others may keep it for less than a key is published ahead.
  http::Response JwksResponse() const {
    http::Response response = http::Response::Json(
        200, ValueOrThrow(tokens::ToJwks(keyring_->Published().keys())));
    response.headers.Set("cache-control", "public, max-age=300");
    return response;
  }

  std::optional<UsersRpc> rpc_;
  std::optional<Purger> purger_;
  std::optional<Keyring> keyring_;
  std::optional<tokens::PasswordHasher> hasher_;
  std::optional<SessionsRpc> sessions_;
  std::optional<bus::Inbox> inbox_;
  std::optional<PermissionsListener> permissions_;
};

}  // namespace

std::unique_ptr<runtime::Module> NewModule() {
  return std::make_unique<UsersModule>();
}

}  // namespace millrace::users
