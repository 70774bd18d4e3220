// The table `people`, which nobody else touches. Every function runs inside a
// transaction, on its worker thread, and throws StatusError.
#ifndef MILLRACE_SERVICES_USERS_STORE_H_
#define MILLRACE_SERVICES_USERS_STORE_H_

#include <string>
#include <string_view>
#include <vector>

#include "services/users/domain.h"
#include "store/transaction.h"

namespace millrace::users {

// ALREADY_EXISTS when another person has the e-mail address.
void Insert(store::Tx& tx, const Person& person);
// The same, and NOT_FOUND when the person is gone.
void Update(store::Tx& tx, const Person& person);

// NOT_FOUND when nobody has the id.
Person Find(store::Tx& tx, std::string_view id);
void Delete(store::Tx& tx, std::string_view id);

// At most `limit` people whose id is greater than `after`, by id.
std::vector<Person> List(store::Tx& tx, std::string_view after, int64_t limit);

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_STORE_H_
