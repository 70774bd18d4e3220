#include "store/sqlite_snapshots.h"

#include <sys/stat.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <string_view>
#include <utility>

#include "absl/time/clock.h"
#include "base/strings.h"
#include "store/sql_error.h"

namespace millrace::store {
namespace {

// Between two tries to lock a file. A writer that is never idle leaves gaps of
// some microseconds.
constexpr absl::Duration kPause = absl::Microseconds(100);
// How long the writers of some files may stand while another is not to be had:
// less than what they wait for (DatabaseOptions::busy_timeout).
constexpr absl::Duration kLongestStand = absl::Milliseconds(250);
// Pages between two calls of the progress.
constexpr int kPagesPerStep = 256;
// Of what is wrong with a copy, so much is told.
constexpr int kMostFindings = 3;

std::string NameOf(const std::string& path) {
  return StrCat("sqlite://", path);
}

absl::Status ErrorOf(sqlite3* connection, const std::string& path) {
  return FromSqlite(sqlite3_extended_errcode(connection),
                    sqlite3_errmsg(connection), NameOf(path))
      .status();
}

absl::StatusOr<SqlitePtr> Open(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  SqlitePtr connection(raw);
  if (code != SQLITE_OK) return ErrorOf(raw, path);
  sqlite3_extended_result_codes(raw, 1);
  return connection;
}

// The first column of all rows.
absl::StatusOr<std::vector<std::string>> Ask(sqlite3* connection,
                                             const std::string& path,
                                             const char* sql) {
  std::vector<std::string> answers;
  const auto add = [](void* answers, int, char** values, char**) {
    static_cast<std::vector<std::string>*>(answers)->emplace_back(
        values[0] == nullptr ? "" : values[0]);
    return 0;
  };
  if (sqlite3_exec(connection, sql, add, &answers, nullptr) != SQLITE_OK) {
    return ErrorOf(connection, path);
  }
  return answers;
}

absl::Status Run(sqlite3* connection, const std::string& path,
                 const char* sql) {
  return Ask(connection, path, sql).status();
}

// The connections that keep writers out, as long as it lives.
class WriteLocks {
 public:
  explicit WriteLocks(const std::vector<std::string>& paths) : paths_(paths) {}

  absl::Status Take(absl::Duration patience) {
    for (const std::string& path : paths_) {
      auto connection = Open(path);
      if (!connection.ok()) return connection.status();
      connections_.push_back(*std::move(connection));
    }
    const absl::Time give_up = absl::Now() + patience;
    absl::Time since;
    for (size_t held = 0; held < connections_.size();) {
      sqlite3* const next = connections_[held].get();
      const absl::Status status = Run(next, paths_[held], "BEGIN IMMEDIATE");
      const absl::Time now = absl::Now();
      if (status.ok()) {
        if (held++ == 0) since = now;
        continue;
      }
      if (!absl::IsAborted(status)) return status;  // SQLITE_BUSY
      if (now > give_up) {
        return absl::UnavailableError(
            StrCat(MessageOf(status), " for ", absl::FormatDuration(patience),
                   "; try again when less is written"));
      }
      if (held > 0 && now - since > kLongestStand) {
        Release();
        held = 0;
        absl::SleepFor(kLongestStand);
      }
      absl::SleepFor(kPause);
    }
    return absl::OkStatus();
  }

  void Release() {
    for (const SqlitePtr& connection : connections_) {
      if (sqlite3_get_autocommit(connection.get()) != 0) continue;
      sqlite3_exec(connection.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
  }

 private:
  const std::vector<std::string>& paths_;
  std::vector<SqlitePtr> connections_;
};

absl::Status CopyPages(const std::string& path, sqlite3* from,
                       const std::string& to,
                       const SqliteSnapshots::Progress& progress) {
  auto opened = Open(to);
  if (!opened.ok()) return opened.status();
  sqlite3* const copy = opened->get();
  // What fails halfway is thrown away, and the caller sees to the disk.
  if (absl::Status status = Run(copy, to,
                                "PRAGMA journal_mode = OFF; "
                                "PRAGMA synchronous = OFF");
      !status.ok()) {
    return status;
  }
  sqlite3_backup* const backup =
      sqlite3_backup_init(copy, "main", from, "main");
  if (backup == nullptr) return ErrorOf(copy, to);
  int code = SQLITE_OK;
  while (code == SQLITE_OK) {
    code = sqlite3_backup_step(backup, kPagesPerStep);
    const int64_t all = sqlite3_backup_pagecount(backup);
    if (progress) progress(all - sqlite3_backup_remaining(backup), all);
  }
  // The same code again, if it is an error.
  sqlite3_backup_finish(backup);
  if (code == SQLITE_DONE) return absl::OkStatus();
  const bool damaged = (code & 0xff) == SQLITE_CORRUPT;
  return ErrorOf(copy, damaged ? path : to);
}

// Has the copy be one file, that can be read where nothing may be written.
absl::Status CheckCopy(const std::string& path, const std::string& to) {
  const auto copy = Open(to);
  if (!copy.ok()) return copy.status();
  const auto mode = Ask(copy->get(), path, "PRAGMA journal_mode = DELETE");
  if (!mode.ok()) return mode.status();
  const std::string check =
      StrCat("PRAGMA integrity_check(", kMostFindings, ")");
  const auto found = Ask(copy->get(), path, check.c_str());
  if (!found.ok()) return found.status();
  if (*found == std::vector<std::string>{"ok"}) return absl::OkStatus();
  std::string findings;
  for (const std::string& finding : *found) {
    StrAppend(&findings, findings.empty() ? "" : "; ", finding);
  }
  std::replace(findings.begin(), findings.end(), '\n', ' ');
  return absl::DataLossError(
      StrCat("the copy of ", NameOf(path), " is not sound (", findings,
             "), and so is the file; put an earlier backup in its place"));
}

}  // namespace

absl::StatusOr<SqliteSnapshots> SqliteSnapshots::Take(
    std::vector<std::string> paths, absl::Duration patience) {
  std::sort(paths.begin(), paths.end());
  SqliteSnapshots snapshots;
  for (const std::string& path : paths) {
    auto connection = Open(path);
    if (!connection.ok()) return connection.status();
    snapshots.readers_.push_back({path, *std::move(connection)});
  }
  WriteLocks locks(paths);
  if (absl::Status status = locks.Take(patience); !status.ok()) return status;
  for (const Reader& reader : snapshots.readers_) {
    // Reading is what begins.
    if (absl::Status status = Run(reader.connection.get(), reader.path,
                                  "BEGIN; SELECT 1 FROM sqlite_master LIMIT 1");
        !status.ok()) {
      return status;
    }
  }
  locks.Release();
  for (Reader& reader : snapshots.readers_) {
    const auto bytes = Ask(reader.connection.get(), reader.path,
                           "SELECT page_count * page_size "
                           "FROM pragma_page_count, pragma_page_size");
    if (!bytes.ok()) return bytes.status();
    reader.bytes = std::stoll(bytes->front());
  }
  return snapshots;
}

const SqliteSnapshots::Reader& SqliteSnapshots::Of(
    const std::string& path) const {
  const auto found =
      std::find_if(readers_.begin(), readers_.end(),
                   [&](const Reader& reader) { return reader.path == path; });
  assert(found != readers_.end());
  return *found;
}

int64_t SqliteSnapshots::Bytes(const std::string& path) const {
  return Of(path).bytes;
}

absl::Status SqliteSnapshots::Copy(const std::string& path,
                                   const std::string& to,
                                   const Progress& progress) const {
  // SQLite would make the file readable by everybody.
  if (mknod(to.c_str(), S_IFREG | S_IRUSR | S_IWUSR, 0) != 0) {
    return absl::ErrnoToStatus(errno, StrCat("cannot make '", to, "'"));
  }
  const absl::Status status =
      CopyPages(path, Of(path).connection.get(), to, progress);
  return status.ok() ? CheckCopy(path, to) : status;
}

}  // namespace millrace::store
