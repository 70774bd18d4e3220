// The tables of permissions and roles, which nobody else touches. Every
// function runs inside a transaction, on its worker thread, and throws
// StatusError.
#ifndef MILLRACE_SERVICES_ADMIN_ACCESS_STORE_H_
#define MILLRACE_SERVICES_ADMIN_ACCESS_STORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "services/admin/access.h"
#include "store/transaction.h"

namespace millrace::admin {

// With nothing in it when the person never had anything.
Access FindAccess(store::Tx& tx, const std::string& user_id);

// Writes what is different.
void SaveAccess(store::Tx& tx, const Access& before, const Access& after);

// At most `limit` of those who have something, whose ids are greater than
// `after`, by id; with `permission`, of those who have it or a name that covers
// it (contract/access.h).
std::vector<std::string> ListHolders(store::Tx& tx, const std::string& after,
                                     const std::string& permission,
                                     int64_t limit);

// NOT_FOUND when there is no such role.
Role FindRole(store::Tx& tx, const std::string& name);
// ALREADY_EXISTS when there is one of this name.
void InsertRole(store::Tx& tx, const Role& role);
void UpdateRole(store::Tx& tx, const Role& before, const Role& after);
// Nobody has it.
void DeleteRole(store::Tx& tx, const std::string& name);
// At most `limit` roles whose names are greater than `after`, by name.
std::vector<Role> ListRoles(store::Tx& tx, const std::string& after,
                            int64_t limit);

// The ids of those who have the role.
std::vector<std::string> Members(store::Tx& tx, const std::string& role);

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_ACCESS_STORE_H_
