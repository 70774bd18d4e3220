#include "tools/millrace/backup.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "store/backup.h"
#include "store/database_url.h"

namespace millrace::cli {
namespace {

namespace fs = std::filesystem;
using runtime::Config;

// What a process makes anew when it starts: see runtime/data_dir.h.
constexpr std::string_view kLock = "lock";

// The file of a database; none when it has not been made.
fs::path FileAt(const std::string& owner, const std::string& url) {
  const auto parsed =
      ValueOrThrow(store::ParseDatabaseUrl(url, absl::Seconds(5)));
  const auto refuse = [&](std::string_view what) {
    Throw(absl::FailedPreconditionError(
        StrCat("the database of ", owner, " is ", parsed.display, ": ", what)));
  };
  if (parsed.dialect == store::Dialect::kPostgres) {
    refuse(
        "back it up by pg_dump, or by pg_basebackup and its write-ahead log, "
        "which can bring back any moment");
  }
  if (parsed.in_memory()) refuse("it has no file");
  return fs::exists(parsed.target) ? fs::canonical(parsed.target) : fs::path();
}

// A database begins with these bytes, 0 included.
bool IsDatabase(const fs::path& path) {
  constexpr std::string_view kBegin("SQLite format 3\0", 16);
  std::array<char, kBegin.size()> begin = {};
  std::ifstream(path, std::ios::binary).read(begin.data(), begin.size());
  return std::string_view(begin.data(), begin.size()) == kBegin;
}

// Whether it is what SQLite has beside a database.
bool IsJournal(const fs::path& path) {
  const std::string name = path.string();
  for (const std::string_view end : {"-wal", "-shm", "-journal"}) {
    if (!name.ends_with(end)) continue;
    const fs::path database = name.substr(0, name.size() - end.size());
    if (fs::exists(database) && IsDatabase(database)) return true;
  }
  return false;
}

class Plan {
 public:
  // A database of the configuration. Services may have one file, which is then
  // copied once.
  void AddDatabase(const fs::path& path, const std::string& name) {
    if (path.empty()) return;
    if (const store::BackupFile* there = Find(path)) {
      notes_.push_back(
          StrCat(name, "  is ", there->name, ": one file is both"));
    } else {
      Add(&backup_.databases, path, name);
    }
  }

  void AddDirectory(const fs::path& directory) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(directory)) {
      paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    for (const fs::path& path : paths) {
      const std::string name = path.filename().string();
      if (!fs::is_regular_file(path)) {
        notes_.push_back(StrCat(name, "  left out: it is no file"));
      } else if (name != kLock && !IsJournal(path) &&
                 Find(fs::canonical(path)) == nullptr) {
        Add(IsDatabase(path) ? &backup_.databases : &backup_.others,
            fs::canonical(path), name);
      }
    }
  }

  store::BackupOptions& backup() { return backup_; }
  // Of names that are not among the copies, as lines.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  using Files = std::vector<store::BackupFile>;

  void Add(Files* files, const fs::path& path, const std::string& name) {
    for (const Files* all : {&backup_.databases, &backup_.others}) {
      for (const store::BackupFile& other : *all) {
        if (other.name != name) continue;
        Throw(absl::FailedPreconditionError(StrCat(
            "'", other.path, "' and '", path.string(), "' would both be ", name,
            " in the backup; move away the one that is not used")));
      }
    }
    files->push_back({path.string(), name});
  }

  // The database of this path; null when it is not in it.
  const store::BackupFile* Find(const fs::path& path) const {
    for (const store::BackupFile& file : backup_.databases) {
      if (file.path == path) return &file;
    }
    return nullptr;
  }

  store::BackupOptions backup_;
  std::vector<std::string> notes_;
};

Plan PlanFor(const Config& config,
             const std::vector<runtime::ModuleFactory>& modules) {
  Plan plan;
  for (const runtime::ModuleFactory& make : modules) {
    const std::unique_ptr<runtime::Module> module = make();
    const std::string name(module->name());
    const bool hosted =
        std::find(config.services().begin(), config.services().end(), name) !=
        config.services().end();
    if (!hosted || module->Migrations().empty()) continue;
    plan.AddDatabase(FileAt(name, runtime::DatabaseUrlOf(config, name)),
                     StrCat(name, ".db"));
  }
  if (const std::string& bus = config.bus().local().path();
      !bus.empty() && config.bus().transport() != "kafka") {
    plan.AddDatabase(FileAt("the bus", StrCat("sqlite://", bus)), "bus.db");
  }
  if (fs::is_directory(config.data_dir())) plan.AddDirectory(config.data_dir());
  return plan;
}

}  // namespace

void BackUp(const Config& config,
            const std::vector<runtime::ModuleFactory>& modules,
            const std::string& directory, std::ostream& out) {
  Plan plan;
  try {
    plan = PlanFor(config, modules);
  } catch (const fs::filesystem_error& error) {
    Throw(absl::UnavailableError(error.what()));
  }
  store::BackupOptions& backup = plan.backup();
  if (backup.databases.empty()) {
    Throw(absl::NotFoundError(
        StrCat("there is no database in '", config.data_dir(),
               "'; name the directory by --data, or the configuration of the "
               "services by --config")));
  }
  backup.directory = directory;
  for (const store::BackupCopy& copy : ValueOrThrow(store::BackUp(backup))) {
    out << copy.name << "  " << copy.bytes << " bytes\n";
  }
  for (const std::string& note : plan.notes()) out << note << "\n";
}

}  // namespace millrace::cli
