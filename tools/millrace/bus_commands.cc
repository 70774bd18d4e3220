#include "tools/millrace/bus_commands.h"

#include <iostream>

#include "base/status.h"
#include "contract/json.h"
#include "millrace/v1/bus.millrace.h"

namespace millrace::cli {
namespace {

void Print(const google::protobuf::Message& message) {
  std::cout << ValueOrThrow(ToJson(message)) << std::endl;
}

Promise<void> EmitOne(const v1::EmitRequest* request, Channel& channel,
                      const Call& call) {
  v1::BusServiceClient bus(channel);
  Print(co_await bus.Emit(call, *request));
}

Promise<void> TailAll(const v1::TailRequest* request, Channel& channel,
                      const Call& call) {
  v1::BusServiceClient bus(channel);
  Call open = call;
  open.context.deadline = absl::InfiniteFuture();
  Stream<v1::TailResponse> events = bus.Tail(open, *request);
  while (auto reply = co_await events.Next()) Print(reply->event());
}

Promise<void> ListLetters(v1::ListDeadLettersRequest* request, Channel& channel,
                          const Call& call) {
  v1::BusServiceClient bus(channel);
  do {
    const v1::ListDeadLettersResponse page =
        co_await bus.ListDeadLetters(call, *request);
    for (const v1::DeadLetter& letter : page.dead_letters()) Print(letter);
    request->set_page_token(page.next_page_token());
  } while (!request->page_token().empty());
}

Promise<void> ReplayLetters(const v1::ReplayDeadLettersRequest* request,
                            Channel& channel, const Call& call) {
  v1::BusServiceClient bus(channel);
  const v1::ReplayDeadLettersResponse reply =
      co_await bus.ReplayDeadLetters(call, *request);
  for (const v1::DeadLetter& letter : reply.dead_letters()) Print(letter);
  std::cerr << (request->dry_run() ? "would replay " : "replayed ")
            << reply.dead_letters_size() << "\n";
}

}  // namespace

int Emit(const ClientOptions& options, const std::string& type,
         const std::string& json, const std::string& key) {
  v1::EmitRequest request;
  request.set_type(type);
  request.set_json(json);
  if (!key.empty()) request.set_key(key);
  return RunClient(options, [&request](Channel& channel, const Call& call) {
    return EmitOne(&request, channel, call);
  });
}

int Tail(const ClientOptions& options, const TailFilter& filter) {
  v1::TailRequest request;
  for (const std::string& name : filter.contracts) request.add_contracts(name);
  for (const std::string& type : filter.types) request.add_types(type);
  if (!filter.key.empty()) request.set_key(filter.key);
  request.set_from_beginning(filter.from_beginning);
  request.set_follow(filter.follow);
  return RunClient(options, [&request](Channel& channel, const Call& call) {
    return TailAll(&request, channel, call);
  });
}

int DeadLetters(const ClientOptions& options, const LetterFilter& filter) {
  v1::ListDeadLettersRequest request;
  request.set_group(filter.group);
  request.set_topic(filter.topic);
  if (!filter.key.empty()) request.set_key(filter.key);
  return RunClient(options, [&request](Channel& channel, const Call& call) {
    return ListLetters(&request, channel, call);
  });
}

int Replay(const ClientOptions& options, const LetterFilter& filter) {
  v1::ReplayDeadLettersRequest request;
  request.set_group(filter.group);
  request.set_topic(filter.topic);
  if (!filter.id.empty()) {
    request.set_id(filter.id);
  } else if (!filter.key.empty()) {
    request.set_key(filter.key);
  } else {
    request.set_all(filter.all);
  }
  request.set_dry_run(filter.dry_run);
  return RunClient(options, [&request](Channel& channel, const Call& call) {
    return ReplayLetters(&request, channel, call);
  });
}

}  // namespace millrace::cli
