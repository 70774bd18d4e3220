#include "tools/millrace/session_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "contract/json.h"

namespace millrace::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOverTls = "tls";

absl::Status Failed(std::string_view what, const fs::path& path) {
  return absl::UnavailableError(
      StrCat("cannot ", what, " ", path.string(), ": ", std::strerror(errno)));
}

absl::Status MakeFolder(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder, error)) return absl::OkStatus();
  if (folder.has_parent_path() && folder.parent_path() != folder) {
    absl::Status status = MakeFolder(folder.parent_path());
    if (!status.ok()) return status;
  }
  if (mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) {
    return absl::OkStatus();
  }
  return Failed("make", folder);
}

// The descriptor of a file that is made with mode 0600.
absl::StatusOr<int> Open(const fs::path& path, int flags) {
  absl::Status status = MakeFolder(path.parent_path());
  if (!status.ok()) return status;
  const int descriptor =
      open(path.c_str(), flags | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return Failed("open", path);
  return descriptor;
}

absl::Status WriteAll(int descriptor, std::string_view text,
                      const fs::path& path) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("write", path);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

bool LoginSession::IsFor(const std::string& target) const {
  return std::find(targets.begin(), targets.end(), target) != targets.end();
}

absl::Status LoginSession::MayBeTold(bool over_tls) const {
  if (!tls || over_tls) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "this session was begun over TLS; give --tls-ca, or set "
      "MILLRACE_TLS_CA");
}

absl::StatusOr<fs::path> SessionPath() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state && *state) {
    return fs::path(state) / "millrace" / "session";
  }
  if (const char* home = std::getenv("HOME"); home && *home) {
    return fs::path(home) / ".local" / "state" / "millrace" / "session";
  }
  return absl::FailedPreconditionError(
      "neither XDG_STATE_HOME nor HOME says where sessions are kept; set one");
}

absl::StatusOr<std::optional<LoginSession>> LoadSession(const fs::path& path) {
  struct stat found;
  if (stat(path.c_str(), &found) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return Failed("look at", path);
  }
  if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::PermissionDeniedError(
        StrCat(path.string(),
               " has tokens, and others may read or write it; 'chmod 600' it, "
               "or 'millrace logout' if they might have"));
  }
  std::ifstream file(path);
  std::string targets, json;
  LoginSession session;
  if (!std::getline(file, targets) || !std::getline(file, json) ||
      !FromJson(json, &session.tokens).ok()) {
    return absl::InvalidArgumentError(
        StrCat(path.string(), " is no session; remove it, and log in again"));
  }
  session.targets = absl::StrSplit(targets, ' ', absl::SkipEmpty());
  std::string over;
  session.tls = std::getline(file, over) && over == kOverTls;
  return session;
}

absl::Status SaveSession(const fs::path& path, const LoginSession& session) {
  const absl::StatusOr<std::string> json = ToJson(session.tokens);
  if (!json.ok()) return json.status();
  fs::path next = path;
  next += StrCat(".", getpid());
  // One that a killed process with this id has left may have another mode.
  unlink(next.c_str());
  const absl::StatusOr<int> descriptor = Open(next, O_WRONLY | O_EXCL);
  if (!descriptor.ok()) return descriptor.status();
  absl::Status status =
      WriteAll(*descriptor,
               StrCat(absl::StrJoin(session.targets, " "), "\n", *json, "\n",
                      session.tls ? StrCat(kOverTls, "\n") : std::string()),
               next);
  if (close(*descriptor) != 0 && status.ok()) status = Failed("write", next);
  if (status.ok() && rename(next.c_str(), path.c_str()) != 0) {
    status = Failed("write", path);
  }
  if (!status.ok()) unlink(next.c_str());
  return status;
}

absl::Status RemoveSession(const fs::path& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) {
    return absl::OkStatus();
  }
  return Failed("remove", path);
}

absl::StatusOr<std::unique_ptr<SessionLock>> SessionLock::Take(
    const fs::path& path) {
  fs::path lock = path;
  lock += ".lock";
  const absl::StatusOr<int> descriptor = Open(lock, O_RDWR);
  if (!descriptor.ok()) return descriptor.status();
  std::unique_ptr<SessionLock> taken(new SessionLock(*descriptor));
  while (flock(*descriptor, LOCK_EX) != 0) {
    if (errno != EINTR) return Failed("lock", lock);
  }
  return taken;
}

SessionLock::~SessionLock() { close(descriptor_); }

}  // namespace millrace::cli
