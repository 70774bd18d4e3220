// The bus of a process: the transport that the configuration names, the Bus
// over it, and its readiness. Loop thread only.
#ifndef MILLRACE_RUNTIME_BUS_HOST_H_
#define MILLRACE_RUNTIME_BUS_HOST_H_

#include <memory>
#include <string>
#include <vector>

#include "bus/bus.h"
#include "bus/transport.h"
#include "loop/abort.h"
#include "loop/promise.h"
#include "runtime/host_parts.h"
#include "store/database.h"

namespace millrace::runtime {

class BusHost {
 public:
  // `transport` replaces that of the configuration; it outlives the object.
  BusHost(HostParts& parts, bus::Transport* transport);
  ~BusHost();

  // The same, before Open().
  void Use(std::unique_ptr<bus::Transport> transport);

  // Opens the transport, which need not reach its broker yet, and the bus.
  // Goes on trying while that fails, until `stop` aborts; rejects when it
  // cannot work.
  Promise<void> Open(AbortSignal stop);
  // Makes the topics of `contracts`, however long the broker is away: then the
  // bus is there for the readiness.
  Promise<void> MakeTopics(std::vector<const ContractInfo*> contracts,
                           AbortSignal stop);

  // Of an open bus.
  bus::Bus& bus() { return *bus_; }
  bus::Transport& transport() { return *transport_; }

  // Tells the readiness how it is.
  void Check();
  // Sets the metrics that have to be asked for. Never rejects.
  Promise<void> Measure();

  // Ends the subscriptions, what is in flight first; then the transport.
  Promise<void> Drain(absl::Duration bound);
  Promise<void> Close(absl::Duration bound);
  // Destroys the bus, for listeners must outlive it; the transport stays.
  void Forget();

 private:
  Promise<void> OpenTransport();
  Promise<void> OpenLocal();
  Promise<void> DeclareAll(const std::vector<const ContractInfo*>& contracts);
  // The pause before another attempt; rejects when there is no point in one.
  Promise<void> WaitOut(absl::Status status, int failures, AbortSignal stop);

  HostParts& parts_;
  Logger& logger_;
  std::unique_ptr<store::Database> database_;  // of the local transport
  std::unique_ptr<bus::Transport> own_;
  bus::Transport* transport_;
  std::unique_ptr<bus::Bus> bus_;
  bool complete_ = false;  // all topics are made
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_BUS_HOST_H_
