// millrace.v1.BusService: the bus by hand. Loop thread; what it is given
// outlives it.
#ifndef MILLRACE_RUNTIME_BUS_RPC_H_
#define MILLRACE_RUNTIME_BUS_RPC_H_

#include <utility>
#include <vector>

#include "base/logger.h"
#include "bus/bus.h"
#include "millrace/v1/bus.millrace.h"
#include "runtime/event_wire.h"

namespace millrace::runtime {

class BusRpc final : public v1::BusService {
 public:
  // `contracts` are those whose events it knows.
  BusRpc(bus::Bus& bus, std::vector<const ContractInfo*> contracts,
         Logger& logger)
      : bus_(bus), catalogue_(std::move(contracts)), logger_(logger) {}

  Promise<v1::EmitResponse> Emit(const Call& call,
                                 const v1::EmitRequest& request) override;
  Stream<v1::TailResponse> Tail(const Call& call,
                                const v1::TailRequest& request) override;
  Promise<v1::ListDeadLettersResponse> ListDeadLetters(
      const Call& call, const v1::ListDeadLettersRequest& request) override;
  // Says in the log who replays what: the trail is the admin service's.
  Promise<v1::ReplayDeadLettersResponse> ReplayDeadLetters(
      const Call& call, const v1::ReplayDeadLettersRequest& request) override;

  // The same for who keeps a trail, and writes it in `before`.
  Promise<v1::ReplayDeadLettersResponse> Replay(
      const v1::ReplayDeadLettersRequest& request, bus::BeforeReplay before);

 private:
  // What the request asks to follow; NOT_FOUND for a name that is unknown.
  absl::StatusOr<std::vector<const ContractInfo*>> Asked(
      const v1::TailRequest& request) const;

  bus::Bus& bus_;
  const EventCatalogue catalogue_;
  Logger& logger_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_BUS_RPC_H_
