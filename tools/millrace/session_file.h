// Who the command line is: the session that `millrace login` began, in a file
// that only its owner can read.
//
// The first line has the processes that may be told who calls, host:port with
// spaces between them, the first of which logged them in; the second the
// session's tokens as JSON; the third is "tls" when they came over TLS, or is
// not there. A file is replaced as a whole.
#ifndef MILLRACE_TOOLS_MILLRACE_SESSION_FILE_H_
#define MILLRACE_TOOLS_MILLRACE_SESSION_FILE_H_

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "users/v1/sessions.pb.h"

namespace millrace::cli {

struct LoginSession {
  std::vector<std::string> targets;
  ::users::v1::SessionTokens tokens;
  // Whether it was begun over TLS: its tokens are never sent in plain text.
  bool tls = false;

  bool IsFor(const std::string& target) const;
  // FAILED_PRECONDITION when it asks for TLS and `over_tls` is false.
  absl::Status MayBeTold(bool over_tls) const;
};

// millrace/session in $XDG_STATE_HOME, or in ~/.local/state.
// FAILED_PRECONDITION when neither is there to be found.
absl::StatusOr<std::filesystem::path> SessionPath();

// Nothing when there is no file. PERMISSION_DENIED when others can read it,
// INVALID_ARGUMENT when it is no session.
absl::StatusOr<std::optional<LoginSession>> LoadSession(
    const std::filesystem::path& path);

// With mode 0600; folders that are missing get 0700.
absl::Status SaveSession(const std::filesystem::path& path,
                         const LoginSession& session);

// OK when there is none.
absl::Status RemoveSession(const std::filesystem::path& path);

// Keeps other commands from using the refresh token at the same time: one that
// is used twice ends its session. Waits for whoever has it. Held until it is
// destroyed, or the process ends.
class SessionLock {
 public:
  static absl::StatusOr<std::unique_ptr<SessionLock>> Take(
      const std::filesystem::path& path);
  ~SessionLock();
  SessionLock(const SessionLock&) = delete;
  SessionLock& operator=(const SessionLock&) = delete;

 private:
  explicit SessionLock(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_SESSION_FILE_H_
