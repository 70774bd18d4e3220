#include "runtime/event_wire.h"

#include <memory>

#include "base/rfc3339.h"
#include "base/strings.h"
#include "base/suggest.h"
#include "bus/codec.h"
#include "contract/time.h"

namespace millrace::runtime {

EventCatalogue::Entry EventCatalogue::Find(std::string_view type) const {
  for (const ContractInfo* contract : contracts_) {
    for (const ContractInfo* one : DeclaringContracts(*contract)) {
      for (const EventInfo& event : one->events) {
        if (event.type == type) return {one, &event};
      }
    }
  }
  return {};
}

const ContractInfo* EventCatalogue::FindContract(
    std::string_view full_name) const {
  for (const ContractInfo* contract : contracts_) {
    if (contract->full_name == full_name) return contract;
  }
  return nullptr;
}

absl::Status EventCatalogue::UnknownType(std::string_view type) const {
  std::vector<std::string> known;
  for (const ContractInfo* contract : contracts_) {
    for (const ContractInfo* one : DeclaringContracts(*contract)) {
      for (const EventInfo& event : one->events) {
        known.emplace_back(event.type);
      }
    }
  }
  return absl::NotFoundError(StrCat("no contract that this process knows has ",
                                    "the event '", type, "'",
                                    DidYouMean(type, known)));
}

absl::Status EventCatalogue::UnknownContract(std::string_view full_name) const {
  std::vector<std::string> known;
  for (const ContractInfo* contract : contracts_) {
    known.emplace_back(contract->full_name);
  }
  return absl::NotFoundError(StrCat("this process knows no contract '",
                                    full_name, "'",
                                    DidYouMean(full_name, known)));
}

v1::Envelope ToEnvelope(const EventEnvelope& event,
                        const EventCatalogue& catalogue) {
  v1::Envelope envelope;
  envelope.set_id(event.id);
  envelope.set_type(event.type);
  envelope.set_source(event.source);
  envelope.set_key(event.key);
  SetTimestamp(event.time, envelope.mutable_time());
  if (event.trace.valid()) envelope.set_traceparent(event.trace.traceparent());
  envelope.set_content_type(event.content_type);
  for (const auto& [name, value] : event.extensions) {
    (*envelope.mutable_extensions())[name] = value;
  }
  if (event.expires != absl::InfiniteFuture()) {
    (*envelope.mutable_extensions())["expirytime"] =
        FormatRfc3339(event.expires);
  }
  const EventCatalogue::Entry entry = catalogue.Find(event.type);
  if (entry.event != nullptr) {
    const std::unique_ptr<google::protobuf::Message> payload(
        entry.event->payload().New());
    if (DecodePayload(event, payload.get()).ok()) {
      envelope.mutable_proto_data()->PackFrom(*payload);
      return envelope;
    }
  }
  envelope.set_binary_data(event.payload);
  return envelope;
}

v1::DeadLetter ToLetter(const bus::DeadLetter& letter,
                        const EventCatalogue& catalogue) {
  v1::DeadLetter out;
  out.set_id(letter.id);
  const auto event = bus::DecodeEvent(letter.source);
  if (event.ok()) {
    *out.mutable_event() = ToEnvelope(*event, catalogue);
  } else {
    out.mutable_event()->set_key(letter.source.key);
    out.mutable_event()->set_binary_data(letter.source.value);
  }
  out.set_group(letter.group);
  out.set_topic(letter.source.topic);
  out.set_code(static_cast<int>(letter.failure.code()));
  out.set_reason(std::string(letter.failure.message()));
  out.set_attempts(letter.attempts);
  SetTimestamp(letter.dead_time, out.mutable_dead_time());
  out.set_replayed(letter.replayed);
  for (const bus::AttemptError& error : letter.errors) {
    v1::AttemptError& one = *out.add_errors();
    one.set_attempt(error.attempt);
    SetTimestamp(error.time, one.mutable_time());
    one.set_code(static_cast<int>(error.failure.code()));
    one.set_message(std::string(MessageOf(error.failure)));
  }
  out.set_partition(letter.source.partition);
  out.set_offset(letter.source.offset);
  out.set_truncated(letter.truncated);
  return out;
}

}  // namespace millrace::runtime
