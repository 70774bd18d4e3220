// A copy of SQLite files, all of them as they were at one moment, while other
// processes write them: what a process that is killed at that moment leaves,
// and starts from again. Any thread; blocks for as long as it takes.
//
// See sqlite_snapshots.h for how, and for what the caller must not do with the
// files in the same process.
#ifndef MILLRACE_STORE_BACKUP_H_
#define MILLRACE_STORE_BACKUP_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace millrace::store {

struct BackupFile {
  std::string path;
  std::string name;  // of the copy
};

struct BackupOptions {
  std::vector<BackupFile> databases;
  // Copied as they are, with their modes, at no particular moment.
  std::vector<BackupFile> others;
  // Where the copies are, once they are all there: until then they are beside
  // it, in a directory whose name goes on with ".tmp-". It is for its owner
  // alone.
  std::string directory;
  // So many bytes stay free beside the copies.
  int64_t spare_bytes = int64_t{64} << 20;
  // How long to try to get between those who write.
  absl::Duration patience = absl::Seconds(30);
  // Told of the copy of a database, by its name, in bytes.
  std::function<void(const std::string& name, int64_t done, int64_t all)>
      progress;
};

struct BackupCopy {
  std::string name;
  int64_t bytes = 0;
};

// The copies, on disk and sound. Leaves nothing behind when it fails:
// ALREADY_EXISTS when the directory has something in it, RESOURCE_EXHAUSTED
// saying how much room is missing, UNAVAILABLE when a file cannot be read,
// DATA_LOSS when a copy is not sound.
absl::StatusOr<std::vector<BackupCopy>> BackUp(const BackupOptions& options);

}  // namespace millrace::store

#endif  // MILLRACE_STORE_BACKUP_H_
