#include "tools/millrace/bootstrap.h"

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/ids.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/status.h"
#include "base/strings.h"
#include "bus/outbox.h"
#include "contract/rules.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "runtime/data_dir.h"
#include "runtime/module_schema.h"
#include "services/admin/access_change.h"
#include "services/admin/access_store.h"
#include "services/admin/module.h"
#include "services/users/domain.h"
#include "services/users/module.h"
#include "services/users/sessions.h"
#include "services/users/sessions_store.h"
#include "services/users/store.h"
#include "services/users/wire.h"
#include "store/database.h"
#include "tokens/secret.h"
#include "users/v1/events.millrace.h"
#include "users/v1/users.millrace.h"

namespace millrace::cli {
namespace {

constexpr char kEverything[] = "*";

// All that lets somebody grant permissions.
std::set<std::string> AdministratorsIn(store::Tx& tx) {
  std::set<std::string> ids;
  for (const char* permission : {kEverything, "admin.*", "admin.permissions.*",
                                 "admin.permissions.write"}) {
    for (std::string& id : admin::ListHolders(tx, "", permission, 2)) {
      ids.insert(std::move(id));
    }
  }
  return ids;
}

// Whether somebody else than `user_id` is one.
void RefuseOthers(const std::set<std::string>& administrators,
                  const std::string& user_id) {
  for (const std::string& id : administrators) {
    if (id == user_id) continue;
    Throw(absl::FailedPreconditionError(StrCat(
        "there is an administrator: user ", id,
        "; who may grant permissions makes others by GrantPermissions")));
  }
}

struct People {
  users::Person person;
  bool has_password = false;
};

class Bootstrapper {
 public:
  Bootstrapper(const runtime::Config& config, const std::string& email,
               const std::string& name)
      : email_(email),
        name_(name),
        people_(Open(config, "users")),
        access_(Open(config, "admin")),
        people_outbox_(*people_, "/users"),
        access_outbox_(*access_, "/admin") {
    context_.identity.subject = kBootstrapActor;
    context_.trace = TraceContext::NewRoot();
  }

  NewAdministrator Run() {
    absl::StatusOr<NewAdministrator> result = absl::UnknownError("interrupted");
    const auto done =
        AsStatusOr(Work()).Then([&](absl::StatusOr<NewAdministrator> outcome) {
          result = std::move(outcome);
          loop_.Stop();
        });
    loop_.Run();
    return ValueOrThrow(std::move(result));
  }

 private:
  std::unique_ptr<store::Database> Open(const runtime::Config& config,
                                        const std::string& service) {
    return ValueOrThrow(store::Database::Open(
        loop_, {.url = runtime::DatabaseUrlOf(config, service), .pool_size = 1},
        logger_, metrics_));
  }

  Promise<void> Migrate(store::Database& database, std::string service,
                        std::vector<store::Migration> own) {
    for (const runtime::SchemaPart& part :
         runtime::SchemaOf(service, std::move(own))) {
      co_await database.Migrate(part.module, part.migrations);
    }
  }

  Promise<NewAdministrator> Work() {
    co_await Migrate(*people_, "users", users::NewModule()->Migrations());
    co_await Migrate(*access_, "admin", admin::NewModule()->Migrations());
    // Before anything is changed; and once more below, where it counts.
    const std::set<std::string> before =
        co_await access_->Read(context_, &AdministratorsIn);
    const std::optional<People> found = co_await people_->Read(
        context_, [this](store::Tx& tx) { return FindPerson(tx); });
    RefuseOthers(before, found ? found->person.id : "");
    if (found && !before.empty() && found->has_password) {
      Throw(absl::FailedPreconditionError(
          StrCat(email_, " is the administrator, and has a password")));
    }
    const NewAdministrator made = co_await people_->Transact(
        context_, [this](store::Tx& tx) { return Prepare(tx); });
    co_await access_->Transact(context_,
                               [&](store::Tx& tx) { Grant(tx, made.user_id); });
    co_await people_->Close();
    co_await access_->Close();
    co_return made;
  }

  std::optional<People> FindPerson(store::Tx& tx) const {
    const auto person = users::FindByEmail(tx, users::NormalizeEmail(email_));
    if (!person) return std::nullopt;
    return People{*person, users::FindCredential(tx, person->id).has_value()};
  }

  // The person and the ticket.
  NewAdministrator Prepare(store::Tx& tx) const {
    const absl::Time now = clock_.Now();
    std::optional<People> people = FindPerson(tx);
    if (!people) {
      people = People{users::NewPerson(NewId(), email_, name_, "", now)};
      users::Insert(tx, people->person);
      people_outbox_.Emit<::users::v1::UserEvents::Created>(
          tx, users::ToCreated(people->person));
    }
    if (people->person.suspend_time) {
      Throw(absl::FailedPreconditionError(StrCat(
          email_, " is suspended, and cannot log in; take another address")));
    }
    const users::SessionOptions options;
    NewAdministrator made = {.user_id = people->person.id,
                             .ticket = tokens::NewSecret(),
                             .expire_time = now + options.ticket_life};
    users::SaveTicket(tx, made.user_id, tokens::SecretDigest(made.ticket),
                      made.expire_time);
    people_outbox_.Emit<::users::v1::UserEvents::PasswordTicketCreated>(
        tx, users::ToPasswordTicketCreated(made.user_id, made.expire_time));
    return made;
  }

  void Grant(store::Tx& tx, const std::string& user_id) const {
    RefuseOthers(AdministratorsIn(tx), user_id);
    const admin::AccessChange change = {.user_id = user_id,
                                        .reason = "the first administrator"};
    admin::ChangeAccess(tx, access_outbox_, clock_, change,
                        [](store::Tx&, admin::Access& access) {
                          admin::Grant({kEverything}, access);
                        });
  }

  const std::string email_;
  const std::string name_;
  CallContext context_;
  const SystemClock clock_;
  NullLogger logger_;
  NullMetrics metrics_;
  EventLoop loop_;
  const std::unique_ptr<store::Database> people_;
  const std::unique_ptr<store::Database> access_;
  const bus::Outbox people_outbox_;
  const bus::Outbox access_outbox_;
};

bool HasUrl(const runtime::Config& config, const std::string& service) {
  const auto found = config.databases().find(service);
  return found != config.databases().end() && !found->second.url().empty();
}

}  // namespace

NewAdministrator Bootstrap(const runtime::Config& config,
                           const std::string& email, const std::string& name) {
  ::users::v1::CreateUserRequest request;
  request.set_email(email);
  request.set_display_name(name);
  ThrowIfError(rules::Validate<::users::v1::CreateUserRequest>(request));
  // A file in the data directory belongs to one process at a time.
  std::unique_ptr<runtime::DataDir> lock;
  if (!HasUrl(config, "users") || !HasUrl(config, "admin")) {
    lock = ValueOrThrow(runtime::DataDir::Lock(config.data_dir()));
  }
  return Bootstrapper(config, email, name).Run();
}

}  // namespace millrace::cli
