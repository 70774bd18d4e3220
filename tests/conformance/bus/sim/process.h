// One life of a process in a simulation: a service that emits through its
// outbox, relays, and listens in every group; all of it can be killed at once.
//
// Loop thread only. Kept until the end of the simulation, because coroutines of
// a killed one still come to their ends.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SIM_PROCESS_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SIM_PROCESS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bus/bus.h"
#include "bus/inbox.h"
#include "bus/outbox.h"
#include "bus/relay.h"
#include "loop/abort.h"
#include "tests/conformance/bus/sim/handler.h"
#include "tests/conformance/bus/sim/sim_transport.h"
#include "tests/conformance/bus/sim/stage.h"

namespace millrace::bus::sim {

class Process final : public Killable {
 public:
  // `number` tells the processes apart that exist at once, `life` those of a
  // number that follow each other. `on_killed` is called when it has died.
  Process(Stage& stage, int number, int life, std::function<void()> on_killed);
  ~Process() override;

  void Start();
  // Nothing of it is seen any more, from the next turn on.
  void Kill();
  // Drains and ends it; OK when nothing was left.
  static Promise<absl::Status> Stop(std::shared_ptr<Process> self);

  // A transaction that emits some events, and commits or does not.
  void Transact();

  bool alive() const { return !dead_ && !stopping_; }
  bool dead() const { return dead_; }
  bool idle() const;
  Bus& bus() { return *bus_; }
  const std::string& name() const { return name_; }
  const SimTransport& transport() const { return *transport_; }
  int handling() const;

  // Killable.
  Promise<void> PointOfDeath(const char* where) override;
  bool IsLost() override;
  AbortSignal died() const override { return died_.signal(); }

 private:
  class Gateway;

  void Die();
  std::vector<Text> NewEvents();
  static Promise<void> TransactIt(Process& self, std::vector<Text> events,
                                  bool commit);
  void Emit(store::Tx& tx, const std::vector<Text>& events);

  Stage& stage_;
  const int number_;
  const std::string name_;
  const std::function<void()> on_killed_;
  std::unique_ptr<SimTransport> transport_;
  std::unique_ptr<Transport> mutated_;
  std::unique_ptr<Transport> gateway_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<OutboxRelay> relay_;
  std::vector<std::unique_ptr<Handler>> handlers_;
  std::vector<std::unique_ptr<EventListener>> mutated_listeners_;
  std::unique_ptr<Bus> bus_;
  AbortController died_;
  bool dying_ = false;
  bool dead_ = false;
  bool stopping_ = false;
  int transacting_ = 0;
};

}  // namespace millrace::bus::sim

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SIM_PROCESS_H_
