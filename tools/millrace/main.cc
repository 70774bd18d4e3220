// The command line: runs the platform in one process, and talks to a running
// one.

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "base/standard_streams.h"
#include "base/strings.h"
#include "runtime/main.h"
#include "services/admin/module.h"
#include "services/templates/module.h"
#include "services/users/module.h"
#include "tools/millrace/admin_command.h"
#include "tools/millrace/audit_command.h"
#include "tools/millrace/backup_command.h"
#include "tools/millrace/bus_commands.h"
#include "tools/millrace/call.h"
#include "tools/millrace/contracts_command.h"
#include "tools/millrace/health_command.h"
#include "tools/millrace/login_command.h"
#include "tools/millrace/loop_trace_command.h"
#include "tools/millrace/migrate_command.h"
#include "tools/millrace/new_command.h"
#include "tools/millrace/render_command.h"
#include "tools/millrace/trace_command.h"

namespace millrace::cli {
namespace {

std::vector<runtime::ModuleFactory> Modules() {
  return {&users::NewModule, &admin::NewModule, templates::Modules()};
}

int Up(int argc, char** argv) {
  return runtime::Main(
      argc, argv, Modules(),
      {.hint = "curl -sS http://{http}/users.v1.UsersService/CreateUser -H "
               "'content-type: application/json' -d '{\"email\": "
               "\"ada@example.org\", \"displayName\": \"Ada Lovelace\"}'"});
}

void AddFormat(CLI::App* command, std::string* format) {
  command->add_option("--format", *format, "json: a line of JSON each; text")
      ->check(CLI::IsMember({"json", "text"}))
      ->capture_default_str();
}

int Run(int argc, char** argv) {
  CLI::App app("Millrace: small services that talk through typed events.",
               "millrace");
  app.require_subcommand(1);
  ClientOptions client;
  int code = 0;

  app.add_subcommand("up", "Run users, admin and templates in one process");

  std::string method, request = "{}";
  bool list = false;
  CLI::App* call = app.add_subcommand("call", "Call a method with JSON");
  AddClientOptions(call, &client);
  call->add_option("METHOD", method,
                   "users.v1.UsersService/GetUser, or GetUser");
  call->add_option("JSON", request, "The request, or - for standard input");
  call->add_flag("--list", list, "Name every method instead");
  call->callback([&] {
    if (!list && method.empty()) throw CLI::RequiredError("METHOD");
    code = list ? ListMethods() : CallMethod(client, method, request);
  });

  std::string type, payload = "{}", key;
  CLI::App* emit = app.add_subcommand("emit", "Emit an event by hand");
  AddClientOptions(emit, &client);
  emit->add_option("TYPE", type, "users.v1.UserEvents.Created")->required();
  emit->add_option("JSON", payload, "The payload");
  emit->add_option("--key", key, "Instead of the key field of the payload");
  emit->callback([&] { code = Emit(client, type, payload, key); });

  TailFilter tail_filter;
  CLI::App* tail = app.add_subcommand("tail", "Print events as they come");
  AddClientOptions(tail, &client);
  tail->add_option("--contract", tail_filter.contracts, "Only these contracts");
  tail->add_option("--type", tail_filter.types, "Only these events");
  tail->add_option("--key", tail_filter.key, "Only events with this key");
  tail->add_option("--trace", tail_filter.trace_id, "Only of this trace id");
  tail->add_option("--source", tail_filter.source,
                   "Only events of this emitter, as /users");
  tail->add_option("--since", tail_filter.since,
                   "From this time on: RFC 3339, or how long ago (10m)");
  tail->add_option("--until", tail_filter.until, "Before this time");
  AddFormat(tail, &tail_filter.format);
  tail->add_flag("--from-beginning", tail_filter.from_beginning,
                 "Begin with the oldest event that is kept");
  tail->add_flag("!--no-follow", tail_filter.follow, "End with the last event");
  tail->callback([&] { code = Tail(client, tail_filter); });

  AddAdmin(&app, Modules(), &code);
  AddContracts(&app, Modules(), &code);
  AddAudit(&app, &code);
  AddBackup(&app, Modules(), &code);
  AddHealth(&app, &code);
  AddLogin(&app, &code);
  AddLoopTrace(&app, &code);
  AddMigrate(&app, Modules(), &code);
  AddNew(&app, &code);
  AddRender(&app, &code);
  AddTrace(&app, &code);

  LetterFilter letters;
  const auto add_letter_options = [&](CLI::App* command) {
    AddClientOptions(command, &client);
    command->add_option("--group", letters.group, "Only of this consumer");
    command->add_option("--topic", letters.topic, "Only of this topic");
    command->add_option("--key", letters.key, "Only with this key");
  };
  const auto add_list_options = [&](CLI::App* command) {
    add_letter_options(command);
    command->add_option("--limit", letters.limit, "At most so many");
    AddFormat(command, &letters.format);
  };
  CLI::App* dead = app.add_subcommand(
      "dead-letters", "Print the events that a consumer gave up on");
  add_list_options(dead);
  dead->require_subcommand(0, 1);
  dead->callback([&, dead] {
    if (dead->get_subcommands().empty()) code = DeadLetters(client, letters);
  });
  CLI::App* list_letters =
      dead->add_subcommand("list", "The same: all of them, the oldest first");
  add_list_options(list_letters);
  list_letters->callback([&] { code = DeadLetters(client, letters); });
  CLI::App* show = dead->add_subcommand("show", "Print all about one");
  AddClientOptions(show, &client);
  show->add_option("ID", letters.id, "GROUP/TOPIC/PARTITION/OFFSET")
      ->required();
  std::string show_format = "text";
  AddFormat(show, &show_format);
  show->callback([&] {
    letters.format = show_format;
    code = ShowLetter(client, letters);
  });

  CLI::App* replay =
      app.add_subcommand("replay", "Hand dead letters to their consumer again");
  add_letter_options(replay);
  replay->add_option("--id", letters.id, "Only this letter");
  replay->add_flag("--all", letters.all, "All that match");
  replay->add_flag("--dry-run", letters.dry_run, "Only print them");
  replay->callback([&] {
    if (letters.id.empty() && letters.key.empty() && !letters.all) {
      throw CLI::RequiredError("one of --id, --key and --all");
    }
    code = Replay(client, letters);
  });

  CLI11_PARSE(app, argc, argv);
  return code;
}

}  // namespace
}  // namespace millrace::cli

int main(int argc, char** argv) {
  millrace::OpenStandardStreams();
  // `up` has the flags of the runtime, which reads them itself; and goes on
  // when nobody reads what it prints.
  if (argc > 1 && std::string(argv[1]) == "up") {
    return millrace::cli::Up(argc - 1, argv + 1);
  }
  const int code = millrace::cli::Run(argc, argv);
  const absl::Status written = millrace::FlushOutput();
  if (written.ok()) return code;
  std::cerr << "millrace: " << millrace::MessageOf(written) << "\n";
  return code == 0 ? 1 : code;
}
