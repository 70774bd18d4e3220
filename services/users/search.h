// Searching people: first those whose e-mail address begins with a text, by
// address, then those of the others whose name does, by name. A page begins
// behind the last hit of the one before, whoever comes and goes meanwhile.
#ifndef MILLRACE_SERVICES_USERS_SEARCH_H_
#define MILLRACE_SERVICES_USERS_SEARCH_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/users/domain.h"
#include "store/transaction.h"

namespace millrace::users {

// Where a page begins: behind this hit.
struct SearchToken {
  bool by_name = false;
  std::string key;  // the address, or the name key
  std::string id;   // of a hit by name

  // Opaque to callers; "" gives the beginning. INVALID_ARGUMENT when it is none
  // that ToString() made.
  static absl::StatusOr<SearchToken> Parse(std::string_view page_token);
  std::string ToString() const;

  bool operator==(const SearchToken&) const = default;
};

struct SearchHit {
  Person person;
  bool by_name = false;

  SearchToken token() const;
};

// At most `limit` hits. `prefix` is in lower case, as NameKey() has it. Inside
// a transaction; throws StatusError.
std::vector<SearchHit> Search(store::Tx& tx, std::string_view prefix,
                              const SearchToken& from, int64_t limit);

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_SEARCH_H_
