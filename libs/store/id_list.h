// Any number of ids as one parameter, so that one statement, prepared once,
// does for all of them:
//
//   const IdList list = ListOf(tx.dialect(), ids);
//   tx.Query(StrCat("SELECT a FROM t WHERE id ", list.condition),
//            {{"ids", list.ids}});
//
// Pure functions, any thread.
#ifndef MILLRACE_STORE_ID_LIST_H_
#define MILLRACE_STORE_ID_LIST_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/dialect.h"

namespace millrace::store {

struct IdList {
  std::string_view condition;  // on a column, of the parameter :ids
  std::string ids;
};

IdList ListOf(Dialect dialect, const std::vector<int64_t>& ids);
// These are not escaped: they are letters, digits and '-', as in a UUID.
IdList ListOf(Dialect dialect, const std::vector<std::string>& ids);

}  // namespace millrace::store

#endif  // MILLRACE_STORE_ID_LIST_H_
