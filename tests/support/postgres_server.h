// A private PostgreSQL for tests: Debian's package, its own data directory
// under the temporary directory, a free port of 127.0.0.1. It goes away with
// its owner; when the owner is killed, the server still ends, and only the data
// directory stays.
//
// Root may not run PostgreSQL: then the server runs as the user `postgres`.
#ifndef MILLRACE_TESTS_SUPPORT_POSTGRES_SERVER_H_
#define MILLRACE_TESTS_SUPPORT_POSTGRES_SERVER_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millrace::testing {

class PostgresServer {
 public:
  // UNAVAILABLE saying why there can be no server here: a reason to skip.
  static absl::StatusOr<std::unique_ptr<PostgresServer>> Start();

  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  int port() const { return port_; }
  // postgresql://... of `database`; the cluster has one called "postgres".
  std::string url(const std::string& database = "postgres") const;

  // Makes an empty database and returns its URL.
  absl::StatusOr<std::string> CreateDatabase(const std::string& name);

  // Ends every process of the server at once, as a crash would.
  void Kill9();
  // Starts the server again on the same port and data, and waits for it.
  absl::Status Restart();

 private:
  PostgresServer(std::string bin, std::string dir, bool as_postgres, int port);

  absl::Status Launch();
  absl::Status AwaitReady();
  absl::Status RunTool(std::vector<std::string> command) const;
  pid_t Spawn(const std::vector<std::string>& command,
              const std::string& log) const;
  std::string LogTail() const;

  const std::string bin_;
  const std::string dir_;
  const bool as_postgres_;
  const int port_;
  pid_t pid_ = -1;
};

}  // namespace millrace::testing

#endif  // MILLRACE_TESTS_SUPPORT_POSTGRES_SERVER_H_
