// Several SQLite files as they are at one moment, while other processes go on
// writing them. Any one thread.
//
// All files are locked against writers, in the order of their paths; a reader
// of each begins; the locks are given back, some milliseconds later. What the
// readers see from then on is what a process that is killed at that moment
// leaves. They hold up nobody, but a write-ahead log cannot begin anew while
// they are there, and grows.
//
// A file that a connection of this process has open must not be opened and
// closed by other means: that would take away the locks of the connection.
#ifndef MILLRACE_STORE_SQLITE_SNAPSHOTS_H_
#define MILLRACE_STORE_SQLITE_SNAPSHOTS_H_

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace millrace::store {

struct CloseSqlite {
  void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
};
using SqlitePtr = std::unique_ptr<sqlite3, CloseSqlite>;

class SqliteSnapshots {
 public:
  // UNAVAILABLE when a file cannot be opened, or its writers left no gap for as
  // long as `patience`.
  static absl::StatusOr<SqliteSnapshots> Take(std::vector<std::string> paths,
                                              absl::Duration patience);

  // How large the copy of a file will be.
  int64_t Bytes(const std::string& path) const;

  // How many pages are copied, and of how many.
  using Progress = std::function<void(int64_t done, int64_t all)>;

  // Writes a database that is a single file, for its owner alone, and looks
  // whether it is sound: DATA_LOSS when it is not. The disk may not have it
  // yet.
  absl::Status Copy(const std::string& path, const std::string& to,
                    const Progress& progress) const;

 private:
  struct Reader {
    std::string path;
    SqlitePtr connection;
    int64_t bytes = 0;
  };

  const Reader& Of(const std::string& path) const;

  std::vector<Reader> readers_;
};

}  // namespace millrace::store

#endif  // MILLRACE_STORE_SQLITE_SNAPSHOTS_H_
