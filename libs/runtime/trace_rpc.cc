#include "runtime/trace_rpc.h"

#include <utility>

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/strings.h"
#include "bus/codec.h"
#include "loop/combinators.h"
#include "runtime/trace_wire.h"

namespace millrace::runtime {
namespace {

// How long the topics are read, and what is taken from them.
constexpr absl::Duration kReadFor = absl::Seconds(5);
constexpr int kMaxEvents = 1000;
constexpr int kLettersPerPage = 1000;

bus::TailOptions WholeTopics() {
  bus::TailOptions options;
  options.from = bus::TailFrom::kBeginning;
  options.follow = false;
  return options;
}

}  // namespace

TraceRpc::TraceRpc(const SpanRing& spans, bus::Bus& bus,
                   std::vector<const ContractInfo*> contracts,
                   std::vector<std::string> services)
    : spans_(spans),
      bus_(bus),
      catalogue_(std::move(contracts)),
      services_(std::move(services)) {}

Promise<v1::GetTraceResponse> TraceRpc::GetTrace(
    const Call&, const v1::GetTraceRequest& request) {
  const absl::Time until = absl::Now() + kReadFor;
  std::optional<TraceId> trace = TraceIdFrom(request.id());
  if (!trace) trace = TraceOfEvent(request.id());
  if (!trace && request.topics()) {
    trace = co_await FindEvent(request.id(), until);
  }
  if (!trace) {
    Throw(absl::NotFoundError(
        StrCat("'", request.id(), "' is not the 32 hexadecimal digits of a ",
               "trace id, and no event is known here that has this id",
               request.topics() ? "" : "; with topics they are read too")));
  }
  v1::GetTraceResponse response;
  TraceContext context;
  context.trace_id = *trace;
  response.set_trace_id(context.trace_id_hex());
  for (const std::string& service : services_) response.add_services(service);
  AddSpans(*trace, &response);
  if (!request.topics()) co_return response;
  const absl::Status events =
      co_await AsStatusOr(AddEvents(*trace, until, &response));
  const absl::Status letters =
      co_await AsStatusOr(AddDeadLetters(*trace, until, &response));
  if (!events.ok() || !letters.ok()) response.set_truncated(true);
  co_return response;
}

std::optional<TraceId> TraceRpc::TraceOfEvent(
    const std::string& event_id) const {
  std::optional<TraceId> trace;
  spans_.ForEach([&](const Span& span) {
    if (span.event_id == event_id) trace = span.trace_id;
  });
  return trace;
}

void TraceRpc::AddSpans(const TraceId& trace,
                        v1::GetTraceResponse* response) const {
  spans_.ForEach([&](const Span& span) {
    if (span.trace_id == trace) *response->add_spans() = ToWire(span);
  });
}

Promise<std::optional<TraceId>> TraceRpc::FindEvent(std::string event_id,
                                                    absl::Time until) {
  bus::TailOptions options = WholeTopics();
  options.event_id = std::move(event_id);
  Stream<EventEnvelope> events =
      bus_.Tail(catalogue_.contracts(), std::move(options));
  const absl::StatusOr<std::optional<EventEnvelope>> event =
      co_await AsStatusOr(WithTimeout(events.Next(), until - absl::Now()));
  if (!event.ok() || !event->has_value()) co_return std::nullopt;
  const EventEnvelope& found = **event;
  if (!found.trace.valid()) {
    Throw(absl::FailedPreconditionError(StrCat(
        "event ", found.id, " of ", found.source, " belongs to no trace")));
  }
  co_return found.trace.trace_id;
}

Promise<void> TraceRpc::AddEvents(TraceId trace, absl::Time until,
                                  v1::GetTraceResponse* response) {
  bus::TailOptions options = WholeTopics();
  options.trace_id = trace;
  Stream<EventEnvelope> events =
      bus_.Tail(catalogue_.contracts(), std::move(options));
  while (auto event =
             co_await WithTimeout(events.Next(), until - absl::Now())) {
    if (response->events_size() == kMaxEvents) {
      response->set_truncated(true);
      co_return;
    }
    *response->add_events() = ToEnvelope(*event, catalogue_);
  }
}

Promise<void> TraceRpc::AddDeadLetters(TraceId trace, absl::Time until,
                                       v1::GetTraceResponse* response) {
  bus::DeadLetterQuery query;
  query.include_replayed = true;
  query.page_size = kLettersPerPage;
  do {
    Promise<bus::DeadLetterPage> reading = bus_.ListDeadLetters(query);
    const bus::DeadLetterPage page =
        co_await WithTimeout(std::move(reading), until - absl::Now());
    for (const bus::DeadLetter& letter : page.letters) {
      const auto event = bus::DecodeEvent(letter.source);
      if (!event.ok() || event->trace.trace_id != trace) continue;
      *response->add_dead_letters() = ToLetter(letter, catalogue_);
    }
    query.page_token = page.next_page_token;
  } while (!query.page_token.empty() &&
           response->dead_letters_size() < kMaxEvents);
}

}  // namespace millrace::runtime
