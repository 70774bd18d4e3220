// Changes of permissions and roles, each with the events that tell of it.
//
// Every function is a part of a transaction, on its worker thread, and throws
// StatusError. Who does it is the identity of the transaction's context.
#ifndef MILLRACE_SERVICES_ADMIN_ACCESS_CHANGE_H_
#define MILLRACE_SERVICES_ADMIN_ACCESS_CHANGE_H_

#include <functional>
#include <string>

#include "base/clock.h"
#include "bus/outbox.h"
#include "services/admin/access.h"
#include "store/transaction.h"

namespace millrace::admin {

struct AccessChange {
  std::string user_id;
  std::string etag;  // no check when empty
  std::string reason;
};

// What a change does. It may look into the database.
using ApplyAccess = std::function<void(store::Tx&, Access&)>;

// What the person has after `apply`. Without a difference nothing is written
// and nothing emitted. ABORTED when the etag is not the present one.
Access ChangeAccess(store::Tx& tx, const bus::Outbox& outbox,
                    const Clock& clock, const AccessChange& change,
                    const ApplyAccess& apply);

// ALREADY_EXISTS when there is a role of this name.
void CreateRole(store::Tx& tx, const bus::Outbox& outbox, const Role& role);

// Changes a role and the access of everybody who has it. `change` makes what
// is to be changed of the role as it is. NOT_FOUND, ABORTED.
Role ChangeRole(store::Tx& tx, const bus::Outbox& outbox, const Clock& clock,
                const std::string& name, const std::string& etag,
                const std::function<RoleChange(const Role&)>& change);

// FAILED_PRECONDITION while somebody has the role; NOT_FOUND, ABORTED.
void RemoveRole(store::Tx& tx, const bus::Outbox& outbox, const Clock& clock,
                const std::string& name, const std::string& etag);

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_ACCESS_CHANGE_H_
