// The two SQL databases behind one interface.
#ifndef MILLRACE_STORE_DIALECT_H_
#define MILLRACE_STORE_DIALECT_H_

namespace millrace::store {

enum class Dialect { kSqlite, kPostgres };

}  // namespace millrace::store

#endif  // MILLRACE_STORE_DIALECT_H_
