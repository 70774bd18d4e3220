#include "store/session.h"

namespace millrace::store {

std::unique_ptr<Session> Session::Connect(const Options& options) {
  std::unique_ptr<Session> session = options.url.dialect == Dialect::kPostgres
                                         ? ConnectPostgres(options)
                                         : ConnectSqlite(options);
  session->TellStatements(options.on_statement);
  return session;
}

}  // namespace millrace::store
