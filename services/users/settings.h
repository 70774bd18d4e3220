// The options of the service's parts, of what the configuration says. Pure; any
// thread.
#ifndef MILLRACE_SERVICES_USERS_SETTINGS_H_
#define MILLRACE_SERVICES_USERS_SETTINGS_H_

#include "services/users/keyring.h"
#include "services/users/purge.h"
#include "services/users/rpc.h"
#include "services/users/rpc_sessions.h"
#include "services/users/settings.pb.h"
#include "tokens/password.h"

namespace millrace::users {

UsersOptions UsersOptionsOf(const UsersSettings& settings);
PurgeOptions PurgeOptionsOf(const UsersSettings& settings);
SessionOptions SessionOptionsOf(const TokenSettings& settings);
// How long a token is taken goes by how long it is good.
tokens::RotationOptions RotationOptionsOf(const TokenSettings& settings);
// Failures are remembered at least twice as long as the longest pause: what
// counts outlives the pause that it makes.
LockoutOptions LockoutOptionsOf(const LockoutSettings& settings);
tokens::PasswordOptions PasswordOptionsOf(const PasswordSettings& settings);

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_SETTINGS_H_
