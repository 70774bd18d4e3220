#include "tools/millrace/trace_command.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "millrace/v1/trace.millrace.h"
#include "tools/millrace/client.h"
#include "tools/millrace/trace_tree.h"

namespace millrace::cli {
namespace {

struct TraceFlags {
  ClientOptions client;
  std::string id;
  std::vector<std::string> at = {"127.0.0.1:9090"};
  bool json = false;
};

// What one process answered.
struct Answer {
  absl::Status status = absl::UnavailableError("was not asked");
  v1::GetTraceResponse response;
};

Promise<void> AskOne(const v1::GetTraceRequest* request, Answer* answer,
                     Channel& channel, const Call& call) {
  v1::TraceServiceClient traces(channel);
  auto response = co_await AsStatusOr(traces.GetTrace(call, *request));
  answer->status = response.status();
  if (response.ok()) answer->response = *std::move(response);
}

// False when it was interrupted.
bool Ask(ClientOptions client, const std::string& target, const std::string& id,
         Answer* answer) {
  client.target = target;
  v1::GetTraceRequest request;
  request.set_id(id);
  request.set_topics(true);
  const int code = RunClient(client, [&](Channel& channel, const Call& call) {
    return AskOne(&request, answer, channel, call);
  });
  return code != kInterrupted;
}

int Trace(const TraceFlags& flags) {
  std::vector<Answer> answers(flags.at.size());
  std::string trace_id;
  for (size_t i = 0; i < flags.at.size(); ++i) {
    if (!Ask(flags.client, flags.at[i], flags.id, &answers[i])) {
      return kInterrupted;
    }
    if (answers[i].status.ok()) trace_id = answers[i].response.trace_id();
  }
  std::vector<v1::GetTraceResponse> known;
  for (size_t i = 0; i < flags.at.size(); ++i) {
    // One process may know the event's trace, another have more of the trace.
    if (absl::IsNotFound(answers[i].status) && !trace_id.empty() &&
        !Ask(flags.client, flags.at[i], trace_id, &answers[i])) {
      return kInterrupted;
    }
    if (answers[i].status.ok()) {
      known.push_back(std::move(answers[i].response));
    } else {
      std::cerr << "millrace trace: " << flags.at[i] << ": "
                << MessageOf(answers[i].status) << "\n";
    }
  }
  if (known.empty()) return 1;
  const TraceTree tree = MakeTraceTree(known);
  std::cout << (flags.json ? TraceJson(tree) : TraceText(tree));
  return tree.roots.empty() ? 1 : 0;
}

}  // namespace

void AddTrace(CLI::App* app, int* code) {
  auto flags = std::make_shared<TraceFlags>();
  CLI::App* command = app->add_subcommand(
      "trace", "Print what a request or an event led to, across processes");
  command
      ->add_option("ID", flags->id,
                   "The 32 digits of a trace id, as in logs and traceparent, "
                   "or the id of an event")
      ->required();
  command
      ->add_option("--at,--grpc", flags->at,
                   "The gRPC address of a running process; once for each")
      ->envname("MILLRACE_TARGET")
      ->capture_default_str();
  AddTlsOptions(command, &flags->client);
  command->add_flag("--json", flags->json, "JSON");
  command->callback([flags, code] { *code = Trace(*flags); });
}

}  // namespace millrace::cli
