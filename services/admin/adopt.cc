#include "services/admin/adopt.h"

#include "services/admin/store.h"

namespace millrace::admin {
namespace {

constexpr int64_t kRowsPerTransaction = 500;

bool Adopt(store::Tx& tx) {
  LockTrail(tx);
  return AdoptSome(tx, kRowsPerTransaction);
}

}  // namespace

Promise<void> AdoptUnchained(store::Database& database) {
  for (bool left = true; left;) left = co_await database.Transact(&Adopt);
}

}  // namespace millrace::admin
