#include "tools/millrace/bus_commands.h"

#include <algorithm>
#include <iostream>

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/strings.h"
#include "contract/json.h"
#include "contract/time.h"
#include "loop/combinators.h"
#include "millrace/v1/bus.millrace.h"
#include "tools/millrace/event_text.h"

namespace millrace::cli {
namespace {

constexpr absl::Duration kAMoment = absl::Milliseconds(1);
// As BusService has them.
constexpr int kLargestPage = 1000;

void Print(const google::protobuf::Message& message) {
  std::cout << ValueOrThrow(ToJson(message)) << std::endl;
}

Promise<void> EmitOne(const v1::EmitRequest* request, Channel& channel,
                      const Call& call) {
  v1::BusServiceClient bus(channel);
  Print(co_await bus.Emit(call, *request));
}

// `text` is of one line.
void PrintAs(const std::string& format, std::string text,
             const google::protobuf::Message& message) {
  if (format == "text") {
    std::cout << text << std::endl;
  } else {
    Print(message);
  }
}

Promise<void> TailAll(const v1::TailRequest* request, const TailFilter* filter,
                      Channel& channel, const Call& call) {
  v1::BusServiceClient bus(channel);
  Call open = call;
  open.context.deadline = absl::InfiniteFuture();
  Stream<v1::TailResponse> events = bus.Tail(open, *request);
  const absl::Time end = request->has_until() && request->follow()
                             ? TimeFrom(request->until())
                             : absl::InfiniteFuture();
  for (;;) {
    auto reply = co_await AsStatusOr(
        WithTimeout(events.Next(), std::max(end - absl::Now(), kAMoment)));
    if (!reply.ok() && absl::Now() >= end) co_return;
    ThrowIfError(reply.status());
    if (!reply->has_value()) co_return;
    const v1::Envelope& event = (*reply)->event();
    PrintAs(filter->format, EventLine(event), event);
  }
}

Promise<void> ListLetters(v1::ListDeadLettersRequest* request,
                          const LetterFilter* filter, Channel& channel,
                          const Call& call) {
  v1::BusServiceClient bus(channel);
  int printed = 0;
  do {
    const v1::ListDeadLettersResponse page =
        co_await bus.ListDeadLetters(call, *request);
    for (const v1::DeadLetter& letter : page.dead_letters()) {
      PrintAs(filter->format, LetterLine(letter), letter);
      if (++printed == filter->limit) co_return;
    }
    request->set_page_token(page.next_page_token());
  } while (!request->page_token().empty());
}

Promise<void> ShowOne(const v1::ListDeadLettersRequest* request,
                      const LetterFilter* filter, Channel& channel,
                      const Call& call) {
  v1::BusServiceClient bus(channel);
  const v1::ListDeadLettersResponse found =
      co_await bus.ListDeadLetters(call, *request);
  if (found.dead_letters().empty()) {
    Throw(absl::NotFoundError(
        StrCat("there is no dead letter '", request->id(),
               "'; 'millrace dead-letters list' names them")));
  }
  const v1::DeadLetter& letter = found.dead_letters(0);
  if (filter->format == "text") {
    std::cout << LetterText(letter);
  } else {
    Print(letter);
  }
}

// RFC 3339, or a duration before now.
absl::Time TimeOf(const std::string& text) {
  absl::Time time;
  absl::Duration ago;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) return time;
  if (absl::ParseDuration(text, &ago)) return absl::Now() - ago;
  Throw(absl::InvalidArgumentError(
      StrCat("'", text,
             "' is no time: write RFC 3339, as in "
             "2026-01-31T12:00:00Z, or how long ago, as in 10m")));
}

Promise<void> ReplayLetters(const v1::ReplayDeadLettersRequest* request,
                            Channel& channel, const Call& call) {
  v1::BusServiceClient bus(channel);
  const v1::ReplayDeadLettersResponse reply =
      co_await bus.ReplayDeadLetters(call, *request);
  for (const v1::DeadLetter& letter : reply.dead_letters()) Print(letter);
  std::cerr << (request->dry_run() ? "would replay " : "replayed ")
            << reply.dead_letters_size() << "\n";
  if (reply.more()) std::cerr << "there are more: run it again\n";
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
  request.set_trace_id(filter.trace_id);
  request.set_source(filter.source);
  try {
    if (!filter.since.empty()) {
      SetTimestamp(TimeOf(filter.since), request.mutable_since());
    }
    if (!filter.until.empty()) {
      SetTimestamp(TimeOf(filter.until), request.mutable_until());
    }
  } catch (const StatusError& error) {
    std::cerr << "millrace tail: " << MessageOf(error.status()) << "\n";
    return 1;
  }
  // Whoever asks for the past wants to see it.
  if (request.has_since()) request.set_from_beginning(true);
  if (request.has_until() && TimeFrom(request.until()) <= absl::Now()) {
    request.set_from_beginning(true);
    request.set_follow(false);
  }
  const int code = RunClient(options, [&](Channel& channel, const Call& call) {
    return TailAll(&request, &filter, channel, call);
  });
  return code == kInterrupted && request.follow() ? 0 : code;
}

int DeadLetters(const ClientOptions& options, const LetterFilter& filter) {
  v1::ListDeadLettersRequest request;
  request.set_group(filter.group);
  request.set_topic(filter.topic);
  if (!filter.key.empty()) request.set_key(filter.key);
  if (filter.limit > 0) {
    request.set_page_size(std::min(filter.limit, kLargestPage));
  }
  return RunClient(options, [&](Channel& channel, const Call& call) {
    return ListLetters(&request, &filter, channel, call);
  });
}

int ShowLetter(const ClientOptions& options, const LetterFilter& filter) {
  v1::ListDeadLettersRequest request;
  request.set_id(filter.id);
  return RunClient(options, [&](Channel& channel, const Call& call) {
    return ShowOne(&request, &filter, channel, call);
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
  ClientOptions patient = options;
  patient.timeout = absl::Minutes(10);
  return RunClient(patient, [&request](Channel& channel, const Call& call) {
    return ReplayLetters(&request, channel, call);
  });
}

}  // namespace millrace::cli
