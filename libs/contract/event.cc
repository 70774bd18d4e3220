#include "contract/event.h"

#include <algorithm>

#include "base/strings.h"
#include "contract/json.h"

namespace millrace {
namespace {

absl::Status Undecodable(const EventEnvelope& envelope,
                         const google::protobuf::Message& payload,
                         std::string_view why) {
  return absl::DataLossError(StrCat(
      "event ", envelope.id, " of type ", envelope.type, " does not decode as ",
      payload.GetDescriptor()->full_name(), ": ", why));
}

// "application/json; charset=utf-8" is "application/json".
std::string_view MediaType(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && content_type.back() == ' ') {
    content_type.remove_suffix(1);
  }
  return content_type;
}

void Collect(const ContractInfo* contract,
             std::vector<const ContractInfo*>* visited) {
  if (std::find(visited->begin(), visited->end(), contract) != visited->end()) {
    return;
  }
  visited->push_back(contract);
  for (const ContractInfo* base : contract->bases) Collect(base, visited);
}

}  // namespace

std::vector<const ContractInfo*> DeclaringContracts(
    const ContractInfo& contract) {
  std::vector<const ContractInfo*> contracts;
  Collect(&contract, &contracts);
  std::erase_if(contracts,
                [](const ContractInfo* one) { return one->events.empty(); });
  return contracts;
}

const EventInfo* FindEvent(const ContractInfo& contract,
                           std::string_view type) {
  for (const EventInfo& event : contract.events) {
    if (event.type == type) return &event;
  }
  for (const ContractInfo* base : contract.bases) {
    if (const EventInfo* event = FindEvent(*base, type)) return event;
  }
  return nullptr;
}

absl::Status DecodePayload(const EventEnvelope& envelope,
                           google::protobuf::Message* payload) {
  const std::string_view type = MediaType(envelope.content_type);
  if (type == "application/protobuf") {
    if (payload->ParseFromString(envelope.payload)) return absl::OkStatus();
    return Undecodable(
        envelope, *payload,
        StrCat(envelope.payload.size(), " bytes that are not this message"));
  }
  if (type == "application/json") {
    absl::Status status = FromJson(envelope.payload, payload);
    if (status.ok()) return status;
    return Undecodable(envelope, *payload, MessageOf(status));
  }
  return Undecodable(envelope, *payload,
                     StrCat("its content type is '", envelope.content_type,
                            "'; application/protobuf and application/json are "
                            "understood"));
}

}  // namespace millrace
