#include <gtest/gtest.h>

#include "base/strings.h"
#include "tests/support/database_backend.h"
#include "tests/support/postgres_server.h"

namespace millrace::testing {
namespace {

class Server : public ::testing::Environment {
 public:
  absl::StatusOr<PostgresServer*> Get() {
    if (!started_) {
      started_ = true;
      auto server = PostgresServer::Start();
      failure_ = server.status();
      if (server.ok()) server_ = *std::move(server);
    }
    if (server_ == nullptr) return failure_;
    return server_.get();
  }

  absl::StatusOr<std::string> FreshDatabase() {
    const auto server = Get();
    if (!server.ok()) return server.status();
    return (*server)->CreateDatabase(StrCat("test", ++databases_));
  }

  void TearDown() override { server_.reset(); }

 private:
  bool started_ = false;
  absl::Status failure_;
  std::unique_ptr<PostgresServer> server_;
  int databases_ = 0;
};

Server& Shared() {
  // GoogleTest owns and destroys it.
  static auto* const server =
      static_cast<Server*>(::testing::AddGlobalTestEnvironment(new Server));
  return *server;
}

}  // namespace

Backend PostgresBackend() {
  // Now: once the tests run, GoogleTest takes no environment any more.
  Server& server = Shared();
  return {"Postgres", [&server] { return server.FreshDatabase(); }};
}

absl::StatusOr<PostgresServer*> SharedPostgres() { return Shared().Get(); }

}  // namespace millrace::testing
