#include "runtime/module_database.h"

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "runtime/config_schema.h"
#include "runtime/module_schema.h"
#include "runtime/retry.h"

namespace millrace::runtime {

ModuleDatabase::ModuleDatabase(HostParts& parts, std::string module)
    : parts_(parts), module_(std::move(module)), need_(module_ + ".database") {
  parts_.readiness.Need(need_);
}

ModuleDatabase::~ModuleDatabase() = default;

Promise<void> ModuleDatabase::Open(std::vector<store::Migration> migrations,
                                   AbortSignal stop) {
  const config::v1::Database& settings =
      parts_.config.databases().contains(module_)
          ? parts_.config.databases().at(module_)
          : config::v1::Database::default_instance();
  store::DatabaseOptions options;
  options.url = DatabaseUrlOf(parts_.config, module_);
  options.pool_size = settings.pool_size();
  options.acquire_timeout = DurationOf(settings.acquire_timeout());
  database_ = ValueOrThrow(store::Database::Open(
      parts_.loop, std::move(options), parts_.logger(module_), parts_.metrics));
  for (int failures = 1;; ++failures) {
    const absl::Status status = co_await AsStatusOr(Migrate(migrations));
    if (status.ok()) break;
    if (!IsTransient(status)) {
      Throw(absl::Status(
          status.code(),
          StrCat("the database of ", module_, ", ", database_->name(),
                 ", cannot be used: ", MessageOf(status), "; ",
                 HowToSet(StrCat("databases.", module_, ".url")))));
    }
    parts_.readiness.Set(need_, status);
    co_await Delay(PauseAfter(failures), stop);
  }
  open_ = true;
  parts_.readiness.Set(need_, absl::OkStatus());
}

Promise<void> ModuleDatabase::Migrate(
    const std::vector<store::Migration>& migrations) {
  for (SchemaPart& part : SchemaOf(module_, migrations)) {
    co_await database_->Migrate(std::move(part.module),
                                std::move(part.migrations));
  }
}

Promise<void> ModuleDatabase::Check() {
  if (!open_) co_return;
  const absl::Status status = co_await AsStatusOr(database_->Ping());
  parts_.readiness.Set(need_, status);
}

Promise<void> ModuleDatabase::Close() {
  open_ = false;
  if (database_ != nullptr) co_await database_->Close();
}

}  // namespace millrace::runtime
