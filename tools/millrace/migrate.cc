#include "tools/millrace/migrate.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "runtime/data_dir.h"
#include "runtime/module_schema.h"
#include "store/database.h"
#include "store/database_url.h"
#include "store/migrator.h"

namespace millrace::cli {
namespace {

using runtime::Config;
using runtime::SchemaPart;

struct Service {
  std::string name;
  std::vector<SchemaPart> schema;
};

std::vector<Service> ServicesOf(
    const Config& config, const std::vector<runtime::ModuleFactory>& modules) {
  std::vector<Service> services;
  for (const runtime::ModuleFactory& make : modules) {
    const std::unique_ptr<runtime::Module> module = make();
    const std::string name(module->name());
    const bool hosted =
        std::find(config.services().begin(), config.services().end(), name) !=
        config.services().end();
    if (!hosted || module->Migrations().empty()) continue;
    services.push_back({name, runtime::SchemaOf(name, module->Migrations())});
  }
  return services;
}

// What is done, or would be, a line each.
struct Report {
  std::vector<std::string> lines;
  // Whether something would be done.
  bool is_behind = false;
};

// The database of one service, while it is looked at or changed.
class Migration {
 public:
  Migration(const Service& service, std::string url, bool dry_run)
      : service_(service), url_(std::move(url)), dry_run_(dry_run) {}

  absl::StatusOr<Report> Run() {
    if (dry_run_ && IsMissing()) {
      for (const SchemaPart& part : service_.schema) {
        Note(part.module, {part.migrations, std::nullopt});
      }
      return report_;
    }
    auto database = store::Database::Open(loop_, {.url = url_, .pool_size = 1},
                                          logger_, metrics_);
    if (!database.ok()) return database.status();
    absl::Status status = absl::UnknownError("interrupted");
    const auto done =
        AsStatusOr(Work(**database)).Then([&](const absl::Status& outcome) {
          status = outcome;
          loop_.Stop();
        });
    loop_.Run();
    if (!status.ok()) return status;
    return report_;
  }

 private:
  // Of a SQLite file, which opening would make.
  bool IsMissing() const {
    const auto parsed = store::ParseDatabaseUrl(url_, absl::Seconds(5));
    return parsed.ok() && parsed->dialect == store::Dialect::kSqlite &&
           !parsed->in_memory() && !std::filesystem::exists(parsed->target);
  }

  Promise<void> Work(store::Database& database) {
    for (const SchemaPart& part : service_.schema) {
      const store::SchemaState state =
          co_await database.Read([&](store::Tx& tx) {
            return store::LookAtSchema(tx, part.module, part.migrations);
          });
      if (!dry_run_) co_await database.Migrate(part.module, part.migrations);
      Note(part.module, state);
    }
    co_await database.Close();
  }

  void Note(const std::string& module, const store::SchemaState& state) {
    const auto line = [&](const auto& migration, std::string_view what) {
      report_.lines.push_back(absl::StrFormat("%s %04d %s  %s", module,
                                              migration.version, migration.name,
                                              std::string(what)));
    };
    for (const store::Migration& migration : state.pending) {
      line(migration, dry_run_ ? "would be applied" : "applied");
    }
    report_.is_behind |= dry_run_ && !state.pending.empty();
    if (state.ahead.has_value()) {
      line(*state.ahead, "is of a newer program; this one may run on it");
    }
  }

  const Service& service_;
  const std::string url_;
  const bool dry_run_;
  Report report_;
  NullLogger logger_;
  NullMetrics metrics_;
  EventLoop loop_;
};

// A file in the data directory belongs to one process at a time.
bool UsesFiles(const Config& config, const std::vector<Service>& services) {
  return std::any_of(services.begin(), services.end(), [&](const Service& s) {
    const auto found = config.databases().find(s.name);
    return found == config.databases().end() || found->second.url().empty();
  });
}

}  // namespace

bool Migrate(const Config& config,
             const std::vector<runtime::ModuleFactory>& modules, bool dry_run,
             std::ostream& out) {
  const std::vector<Service> services = ServicesOf(config, modules);
  std::unique_ptr<runtime::DataDir> lock;
  if (!dry_run && UsesFiles(config, services)) {
    lock = ValueOrThrow(runtime::DataDir::Lock(config.data_dir()));
  }
  size_t width = 0;
  for (const Service& service : services) {
    width = std::max(width, service.name.size());
  }
  bool well = true;
  for (const Service& service : services) {
    const auto say = [&](std::string_view what) {
      out << absl::StrFormat("%-*s  %s\n", static_cast<int>(width),
                             service.name, std::string(what));
    };
    const auto report =
        Migration(service, runtime::DatabaseUrlOf(config, service.name),
                  dry_run)
            .Run();
    if (!report.ok()) {
      well = false;
      say(StrCat("FAILED: ", MessageOf(report.status())));
      continue;
    }
    well &= !report->is_behind;
    if (report->lines.empty()) say("as it should be");
    for (const std::string& line : report->lines) say(line);
  }
  return well;
}

}  // namespace millrace::cli
