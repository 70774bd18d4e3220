// Two modules, of which one needs the other, for the tests of the runtime.
#ifndef MILLRACE_RUNTIME_TESTDATA_SAMPLE_MODULES_H_
#define MILLRACE_RUNTIME_TESTDATA_SAMPLE_MODULES_H_

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "runtime/module.h"

namespace millrace::runtime {

// What happened to the modules, in its order. Modules of several loops may
// write, under the mutex.
struct SampleJournal {
  std::mutex mutex;
  std::vector<std::string> entries;
  int greetings = 0;                   // that have begun
  std::set<std::thread::id> greeters;  // where they began
  std::set<std::thread::id> hearers;   // where events were heard
  // The greeter's, since it starts; of the loop that started last.
  const ModuleContext* context = nullptr;
  // Runs within the greeter's Start(); what it throws, that throws.
  std::function<void()> on_start;
  // Run within the greeter's Greet() and the choir's OnGreeted().
  std::function<void()> on_greet;
  std::function<void()> on_hear;
  // The greeter keeps quiet about the service that it provides.
  bool forget_to_serve = false;
};

// Provides sample.v1.GreeterService, with a table of whom it has greeted and an
// event for each. It greets "slow" after a while, and "forever" never. The same
// by GET /hello/:name, where "nobody" is not found, and "endless" is greeted in
// a body that goes on until the client is gone, which the journal then has.
ModuleFactory NewGreeter(SampleJournal* journal = nullptr);

// Provides sample.v1.ChoirService: whom the greeter greets, and whom it heard
// of by the greeter's events.
ModuleFactory NewChoir(SampleJournal* journal = nullptr);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_TESTDATA_SAMPLE_MODULES_H_
