// The listener of one group in one process of a simulation: takes its time,
// fails as the events say, and applies the others through the inbox.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SIM_HANDLER_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SIM_HANDLER_H_

#include <map>
#include <string>

#include "bus/inbox.h"
#include "contract/event.h"
#include "loop/abort.h"
#include "loop/promise.h"
#include "tests/conformance/bus/sim/stage.h"
#include "tests/conformance/bus/sim/text.h"

namespace millrace::bus::sim {

// What the parts of a process know of its death.
class Killable {
 public:
  virtual ~Killable() = default;
  // Returns at once, or the process is killed here and the promise rejects
  // when that has happened.
  virtual Promise<void> PointOfDeath(const char* where) = 0;
  // Of a transaction that a killed process had begun: whether it is undone.
  virtual bool IsLost() = 0;
  virtual AbortSignal died() const = 0;
};

class Handler final : public EventListener {
 public:
  Handler(Stage& stage, Killable& process, std::string process_name,
          std::string group);

  Promise<void> Deliver(const EventEnvelope& event) override {
    return Handle(*this, event);
  }

  int running() const { return running_; }

 private:
  static Promise<void> Handle(Handler& self, const EventEnvelope& event);
  static Promise<void> Work(Handler& self, const EventEnvelope& event,
                            Text text);
  // What the text says that should happen instead of its effect, or OK.
  absl::Status Failure(const Text& text);
  void Apply(store::Tx& tx, const Text& text);

  Stage& stage_;
  Killable& process_;
  const std::string name_;  // for notes
  const std::string group_;
  Inbox inbox_;
  std::map<std::string, int> failures_;  // so far, by text
  std::map<std::string, int> running_of_key_;
  int running_ = 0;
};

}  // namespace millrace::bus::sim

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SIM_HANDLER_H_
