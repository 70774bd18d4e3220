// millrace.v1.TraceService: what this process knows of a trace. Loop thread;
// what it is given outlives it.
#ifndef MILLRACE_RUNTIME_TRACE_RPC_H_
#define MILLRACE_RUNTIME_TRACE_RPC_H_

#include <optional>
#include <string>
#include <vector>

#include "bus/bus.h"
#include "millrace/v1/trace.millrace.h"
#include "runtime/event_wire.h"
#include "runtime/span_ring.h"

namespace millrace::runtime {

class TraceRpc final : public v1::TraceService {
 public:
  // `contracts` are those whose topics it reads, `services` what the process
  // hosts.
  TraceRpc(const SpanRing& spans, bus::Bus& bus,
           std::vector<const ContractInfo*> contracts,
           std::vector<std::string> services);

  Promise<v1::GetTraceResponse> GetTrace(
      const Call& call, const v1::GetTraceRequest& request) override;

 private:
  // From the spans, or nothing.
  std::optional<TraceId> TraceOfEvent(const std::string& event_id) const;
  void AddSpans(const TraceId& trace, v1::GetTraceResponse* response) const;
  // From the topics, as far as they can be read until then.
  Promise<std::optional<TraceId>> FindEvent(std::string event_id,
                                            absl::Time until);
  Promise<void> AddEvents(TraceId trace, absl::Time until,
                          v1::GetTraceResponse* response);
  Promise<void> AddDeadLetters(TraceId trace, absl::Time until,
                               v1::GetTraceResponse* response);

  const SpanRing& spans_;
  bus::Bus& bus_;
  const EventCatalogue catalogue_;
  const std::vector<std::string> services_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_TRACE_RPC_H_
