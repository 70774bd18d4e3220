#include "store/session.h"

namespace millrace::store {

std::unique_ptr<Session> Session::Connect(const Options& options) {
  return options.url.dialect == Dialect::kPostgres ? ConnectPostgres(options)
                                                   : ConnectSqlite(options);
}

}  // namespace millrace::store
