// Ends the process at a chosen point, as kill -9 would.
#ifndef MILLRACE_TESTS_FAULTS_MORTAL_H_
#define MILLRACE_TESTS_FAULTS_MORTAL_H_

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "bus/transport.h"

namespace millrace::faults {

// Any thread.
class Mortal {
 public:
  // "POINT:N": dies the N-th time that At(POINT) is called. Empty: never.
  explicit Mortal(const std::string& when);

  void At(std::string_view point);
  // The same, but that who asks sees to it.
  bool IsUp(std::string_view point);
  static void Die();

 private:
  std::string point_;
  std::atomic<int> left_ = 0;
};

// Dies "after-send" when something is on its way to `topic`, and nobody hears
// whether it came. At("after-publish") when something is durable on `topic`,
// and At("after-letter") for other topics, before anybody hears of it.
std::unique_ptr<bus::Transport> MakeMortal(bus::Transport& inner,
                                           std::string topic, Mortal& mortal);

}  // namespace millrace::faults

#endif  // MILLRACE_TESTS_FAULTS_MORTAL_H_
