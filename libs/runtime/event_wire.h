// Events and dead letters as the messages of BusService. Pure.
#ifndef MILLRACE_RUNTIME_EVENT_WIRE_H_
#define MILLRACE_RUNTIME_EVENT_WIRE_H_

#include <string>
#include <string_view>
#include <vector>

#include "bus/dead_letter.h"
#include "contract/event.h"
#include "millrace/v1/bus.pb.h"
#include "millrace/v1/envelope.pb.h"

namespace millrace::runtime {

// The events of some contracts by type. The contracts outlive it.
class EventCatalogue {
 public:
  struct Entry {
    const ContractInfo* contract = nullptr;  // that declares the event
    const EventInfo* event = nullptr;
  };

  explicit EventCatalogue(std::vector<const ContractInfo*> contracts)
      : contracts_(std::move(contracts)) {}

  const std::vector<const ContractInfo*>& contracts() const {
    return contracts_;
  }
  // Nulls when no contract has the type.
  Entry Find(std::string_view type) const;
  const ContractInfo* FindContract(std::string_view full_name) const;
  // NOT_FOUND with the nearest name there is.
  absl::Status UnknownType(std::string_view type) const;
  absl::Status UnknownContract(std::string_view full_name) const;

 private:
  const std::vector<const ContractInfo*> contracts_;
};

// A payload of a known type becomes an Any, any other stays bytes.
v1::Envelope ToEnvelope(const EventEnvelope& event,
                        const EventCatalogue& catalogue);

v1::DeadLetter ToLetter(const bus::DeadLetter& letter,
                        const EventCatalogue& catalogue);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_EVENT_WIRE_H_
