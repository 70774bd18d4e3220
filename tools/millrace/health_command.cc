#include "tools/millrace/health_command.h"

#include <memory>
#include <string>

#include "rpc/health_check.h"
#include "tools/millrace/client.h"

namespace millrace::cli {
namespace {

struct HealthFlags {
  ClientOptions client{.timeout = absl::Seconds(3), .anonymous = true};
  std::string service;
};

}  // namespace

void AddHealth(CLI::App* app, int* code) {
  auto flags = std::make_shared<HealthFlags>();
  CLI::App* health = app->add_subcommand(
      "health", "Tell by the exit code whether a process is ready");
  AddClientOptions(health, &flags->client);
  health->add_option("--service", flags->service,
                     "Only this service, as in users.v1.UsersService");
  health->callback([flags, code] {
    *code =
        RunClient(flags->client, [flags](Channel& channel, const Call& call) {
          return rpc::CheckServing(channel, call, flags->service);
        });
  });
}

}  // namespace millrace::cli
