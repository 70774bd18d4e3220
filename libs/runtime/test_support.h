// For the tests of the runtime.
#ifndef MILLRACE_RUNTIME_TEST_SUPPORT_H_
#define MILLRACE_RUNTIME_TEST_SUPPORT_H_

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/logger.h"
#include "loop/testing/await.h"

namespace millrace::runtime {

// Keeps every line, its fields as text. Any thread may write; `lines` is to be
// read when nobody does.
class MemoryLogger final : public Logger {
 public:
  using Line = std::map<std::string, std::string>;

  bool Enabled(Severity) const override { return true; }
  void Write(Severity severity, std::string_view message,
             absl::Span<const LogField> fields) override;

  // Those that say `message`. Any thread.
  std::vector<Line> Saying(std::string_view message) const;

  std::vector<Line> lines;

 private:
  mutable std::mutex mutex_;
};

// Says one HTTP/1.1 request to a port of this machine and returns the answer,
// head and body, or "" when there is nobody. `headers` are whole lines. Blocks:
// for other threads.
std::string HttpExchange(int port, const std::string& method,
                         const std::string& path, const std::string& body = "",
                         const std::string& accept = "*/*",
                         const std::string& headers = "");
// The same with a whole request, as it is sent.
std::string HttpExchangeRaw(int port, const std::string& request);
// The port at the end of "host:port".
int PortOf(const std::string& address);

// A directory that is gone with the object.
class ScratchDir {
 public:
  ScratchDir();
  ~ScratchDir();
  std::string operator/(const std::string& name) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Runs the loop until the promise has settled; what is left on the loop stays
// there.
template <typename T>
StatusOrVoid<T> Settle(EventLoop& loop, Promise<T> promise) {
  return AwaitOn(loop, std::move(promise));
}

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_TEST_SUPPORT_H_
