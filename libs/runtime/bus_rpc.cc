#include "runtime/bus_rpc.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "contract/errors.h"
#include "contract/json.h"
#include "contract/time.h"
#include "runtime/trace_wire.h"

namespace millrace::runtime {
namespace {

using google::protobuf::Message;

// Of a page of letters: callers take answers of 4 MiB.
constexpr size_t kMaxPageBytes = 3 << 20;

// The payload that the request holds, of the event's type.
std::unique_ptr<Message> PayloadOf(const v1::EmitRequest& request,
                                   const EventInfo& event) {
  std::unique_ptr<Message> payload(event.payload().New());
  if (request.has_json()) {
    const absl::Status status = FromJson(request.json(), payload.get());
    if (!status.ok()) {
      Throw(InvalidArgument({{"json", std::string(MessageOf(status))}}));
    }
  } else if (request.has_message() &&
             !request.message().UnpackTo(payload.get())) {
    Throw(InvalidArgument(
        {{"message", StrCat("must be a ", payload->GetTypeName(), ", not a ",
                            request.message().type_url())}}));
  }
  return payload;
}

}  // namespace

Promise<v1::EmitResponse> BusRpc::Emit(const Call& call,
                                       const v1::EmitRequest& request) {
  const EventCatalogue::Entry entry = catalogue_.Find(request.type());
  if (entry.event == nullptr) Throw(catalogue_.UnknownType(request.type()));
  const std::unique_ptr<Message> payload = PayloadOf(request, *entry.event);
  v1::EmitResponse response;
  response.set_key(request.has_key() ? request.key()
                                     : entry.event->key(*payload));
  response.set_topic(std::string(entry.contract->topic));
  response.set_event_id(co_await bus_.Publish(
      *entry.contract, *entry.event, *payload, response.key(), call.context));
  co_return response;
}

absl::StatusOr<std::vector<const ContractInfo*>> BusRpc::Asked(
    const v1::TailRequest& request) const {
  std::vector<const ContractInfo*> contracts;
  const auto add = [&](const ContractInfo* contract) {
    if (std::find(contracts.begin(), contracts.end(), contract) ==
        contracts.end()) {
      contracts.push_back(contract);
    }
  };
  for (const std::string& name : request.contracts()) {
    const ContractInfo* contract = catalogue_.FindContract(name);
    if (contract == nullptr) return catalogue_.UnknownContract(name);
    add(contract);
  }
  for (const std::string& type : request.types()) {
    const EventCatalogue::Entry entry = catalogue_.Find(type);
    if (entry.event == nullptr) return catalogue_.UnknownType(type);
    if (request.contracts().empty()) add(entry.contract);
  }
  if (contracts.empty()) return catalogue_.contracts();
  return contracts;
}

Stream<v1::TailResponse> BusRpc::Tail(const Call&,
                                      const v1::TailRequest& request) {
  auto contracts = Asked(request);
  if (!contracts.ok()) {
    return Stream<v1::TailResponse>::Failed(contracts.status());
  }
  bus::TailOptions options;
  options.types = {request.types().begin(), request.types().end()};
  if (request.has_key()) options.key = request.key();
  options.from = request.from_beginning() ? bus::TailFrom::kBeginning
                                          : bus::TailFrom::kEnd;
  options.follow = request.follow();
  if (!request.trace_id().empty()) {
    options.trace_id = TraceIdFrom(request.trace_id());
  }
  options.source = request.source();
  if (request.has_since()) options.since = TimeFrom(request.since());
  if (request.has_until()) options.until = TimeFrom(request.until());
  if (request.has_after()) {
    return bus_
        .TailAfter(*std::move(contracts), std::move(options), request.after())
        .Map([this](const bus::Tailed& tailed) {
          v1::TailResponse response;
          if (tailed.event) {
            *response.mutable_event() = ToEnvelope(*tailed.event, catalogue_);
          }
          response.set_position(tailed.position);
          response.set_missed(tailed.missed);
          return response;
        });
  }
  return bus_.Tail(*std::move(contracts), std::move(options))
      .Map([this](EventEnvelope event) {
        v1::TailResponse response;
        *response.mutable_event() = ToEnvelope(event, catalogue_);
        return response;
      });
}

Promise<v1::ListDeadLettersResponse> BusRpc::ListDeadLetters(
    const Call&, const v1::ListDeadLettersRequest& request) {
  bus::DeadLetterQuery query;
  query.group = request.group();
  query.topic = request.topic();
  if (request.has_key()) query.key = request.key();
  query.id = request.id();
  query.include_replayed = true;
  if (request.page_size() > 0) query.page_size = request.page_size();
  query.page_token = request.page_token();
  query.max_page_bytes = kMaxPageBytes;
  const bus::DeadLetterPage page =
      co_await bus_.ListDeadLetters(std::move(query));
  v1::ListDeadLettersResponse response;
  for (const bus::DeadLetter& letter : page.letters) {
    *response.add_dead_letters() = ToLetter(letter, catalogue_);
  }
  response.set_next_page_token(page.next_page_token);
  co_return response;
}

Promise<v1::ReplayDeadLettersResponse> BusRpc::ReplayDeadLetters(
    const Call& call, const v1::ReplayDeadLettersRequest& request) {
  return Replay(
      request, [this, &call](const std::vector<bus::DeadLetter>& all) {
        for (const bus::DeadLetter& letter : all) {
          logger_.Info("a dead letter is replayed",
                       {{"letter", letter.id},
                        {"subject", call.context.identity.subject},
                        {"trace_id", call.context.trace.trace_id_hex()}});
        }
        return Promise<void>::Resolve();
      });
}

Promise<v1::ReplayDeadLettersResponse> BusRpc::Replay(
    const v1::ReplayDeadLettersRequest& request, bus::BeforeReplay before) {
  bus::DeadLetterQuery query;
  query.group = request.group();
  query.topic = request.topic();
  if (request.has_id()) query.id = request.id();
  if (request.has_key()) query.key = request.key();
  const bool all = request.has_all() && request.all();
  if (!all && query.id.empty() && !query.key) {
    Throw(InvalidArgument(
        {{"selection", "must be an id, a key, or all of them"}}));
  }
  const bus::ReplayedLetters replayed = co_await bus_.ReplayDeadLetters(
      std::move(query), request.dry_run(), std::move(before));
  v1::ReplayDeadLettersResponse response;
  for (const bus::DeadLetter& letter : replayed.letters) {
    v1::DeadLetter& told = *response.add_dead_letters();
    told = ToLetter(letter, catalogue_);
    told.mutable_event()->clear_data();
  }
  response.set_more(replayed.more);
  co_return response;
}

}  // namespace millrace::runtime
