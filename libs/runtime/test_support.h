// For the tests of the runtime.
#ifndef MILLRACE_RUNTIME_TEST_SUPPORT_H_
#define MILLRACE_RUNTIME_TEST_SUPPORT_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/logger.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"

namespace millrace::runtime {

// Keeps every line, its fields as text.
class MemoryLogger final : public Logger {
 public:
  using Line = std::map<std::string, std::string>;

  bool Enabled(Severity) const override { return true; }
  void Write(Severity severity, std::string_view message,
             absl::Span<const LogField> fields) override;

  std::vector<Line> lines;
};

// Runs the loop until the promise has settled; what is left on the loop stays
// there.
template <typename T>
StatusOrVoid<T> Settle(EventLoop& loop, Promise<T> promise) {
  std::optional<StatusOrVoid<T>> outcome;
  static_cast<void>(
      AsStatusOr(std::move(promise)).Then([&](StatusOrVoid<T> settled) {
        outcome.emplace(std::move(settled));
        loop.Stop();
      }));
  if (!outcome) loop.Run();
  if (!outcome) return absl::DeadlineExceededError("it never settled");
  return *std::move(outcome);
}

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_TEST_SUPPORT_H_
