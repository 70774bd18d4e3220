// Defects to be put into the system under simulation from outside, to see that
// it is told: wrappers around what a process stands on. Production code knows
// nothing of them.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SIM_MUTANT_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SIM_MUTANT_H_

#include <memory>
#include <string>
#include <vector>

#include "bus/transport.h"
#include "contract/event.h"
#include "loop/promise.h"
#include "store/transaction.h"

namespace millrace::bus::sim {

class Mutant {
 public:
  virtual ~Mutant() = default;
  virtual std::string name() const = 0;

  // Instead of `transport`, which outlives it; null: as it is.
  virtual std::unique_ptr<Transport> Wrap(Transport& transport) {
    (void)transport;
    return nullptr;
  }
  // Instead of `listener`, which outlives it; null: as it is.
  virtual std::unique_ptr<EventListener> Wrap(EventListener& listener) {
    (void)listener;
    return nullptr;
  }
  // Within the transaction of an effect, behind it.
  virtual void AfterEffect(store::Tx& tx) { (void)tx; }
  // Events are emitted in a transaction of their own, before the change.
  virtual bool EmitsApart() const { return false; }
};

std::vector<std::shared_ptr<Mutant>> AllMutants();

}  // namespace millrace::bus::sim

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SIM_MUTANT_H_
