// The table `people`, which nobody else touches. Every function runs inside a
// transaction, on its worker thread, and throws StatusError.
//
// Each query goes by an index (store_plan_test.cc): by id, by e-mail address or
// name, or by one of those that hold only who is in a state.
#ifndef MILLRACE_SERVICES_USERS_STORE_H_
#define MILLRACE_SERVICES_USERS_STORE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/users/domain.h"
#include "store/transaction.h"

namespace millrace::users {

// ALREADY_EXISTS, in the words of the caller and without the address: spans and
// logs keep what errors say, and nobody erases there.
absl::Status EmailTaken();

// EmailTaken() when another person has the e-mail address.
void Insert(store::Tx& tx, const Person& person);
// False, and nothing done, when another person has the e-mail address.
bool TryInsert(store::Tx& tx, const Person& person);
// As Insert(), and NOT_FOUND when the row is gone.
void Update(store::Tx& tx, const Person& person);

// NOT_FOUND when nobody who is not deleted has the id.
Person Find(store::Tx& tx, std::string_view id);
// NOT_FOUND when nobody who is deleted has the id.
Person FindDeleted(store::Tx& tx, std::string_view id);
// Nobody who is deleted has an address.
std::optional<Person> FindByEmail(store::Tx& tx, std::string_view email);
// Those of `ids` who are there and not deleted, in no order.
std::vector<Person> FindMany(store::Tx& tx,
                             const std::vector<std::string>& ids);

// At most `limit` people whose id is greater than `after`, by id: in one state,
// or all who are not deleted.
std::vector<Person> List(store::Tx& tx, std::optional<State> state,
                         std::string_view after, int64_t limit);

// At most `limit` people whose e-mail address begins with `prefix` and is
// greater than `after`, by address.
std::vector<Person> ListByEmail(store::Tx& tx, std::string_view prefix,
                                std::string_view after, int64_t limit);

// At most `limit` people whose name key begins with `prefix`, and whose e-mail
// address does not, behind the pair of `after_name` and `after_id`, by these.
std::vector<Person> ListByName(store::Tx& tx, std::string_view prefix,
                               std::string_view after_name,
                               std::string_view after_id, int64_t limit);

// At most `limit` ids of people whose purge time has come.
std::vector<std::string> ListPurgeable(store::Tx& tx, absl::Time now,
                                       int64_t limit);
// Removes the row. False when it is gone already, or no longer to be purged.
bool Purge(store::Tx& tx, std::string_view id, absl::Time now);

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_STORE_H_
