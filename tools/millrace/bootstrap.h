// The first administrator of an installation: whom nobody can grant anything to
// once `identity.access` is on, because nobody may grant.
//
// Who can open the databases of users and admin may do this, and nobody else:
// there is no call for it, so no secret to be guessed or left behind. What it
// does is told by events, as if it had been called for: UserCreated and
// PermissionsChanged, whose actor is `bootstrap`, which the processes publish
// and the audit trail keeps.
#ifndef MILLRACE_TOOLS_MILLRACE_BOOTSTRAP_H_
#define MILLRACE_TOOLS_MILLRACE_BOOTSTRAP_H_

#include <string>

#include "absl/time/time.h"
#include "runtime/config.h"

namespace millrace::cli {

// Who does it, in events and in what is told of grants.
inline constexpr char kBootstrapActor[] = "bootstrap";

struct NewAdministrator {
  std::string user_id;
  // Sets a password, once, until then: SetPasswordRequest.ticket.
  std::string ticket;
  absl::Time expire_time;
};

// Grants `*` to the person with this e-mail address, who is created with this
// name unless there is one, and gives a ticket for their password. Brings both
// schemas up to date before, as `millrace migrate` does.
//
// Throws FAILED_PRECONDITION when there is an administrator: somebody who may
// grant permissions, or who is known by what else stands for that. Run again
// for the same person it gives another ticket while they have no password, so
// that one that was lost on the way locks nobody out. INVALID_ARGUMENT for an
// address or a name that CreateUser would refuse; FAILED_PRECONDITION also when
// a process uses the SQLite files; else what a database says. On a thread
// without a loop.
NewAdministrator Bootstrap(const runtime::Config& config,
                           const std::string& email, const std::string& name);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_BOOTSTRAP_H_
