// The certificates of a process: of its two faces, and of its calls to others;
// and that they are read again when their files change.
//
//   millrace_tls_reloads_total{setting,outcome="changed|failed"}
//   millrace_tls_certificate_expires_timestamp_seconds{setting}
#ifndef MILLRACE_RUNTIME_HOST_TLS_H_
#define MILLRACE_RUNTIME_HOST_TLS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "runtime/config.h"
#include "tls/credentials.h"

namespace millrace::runtime {

// All loops of a process share them. Null: plain text.
struct HostTls {
  std::shared_ptr<tls::Credentials> http;
  std::shared_ptr<tls::Credentials> grpc;
  std::shared_ptr<tls::Credentials> remote;
  // For the keys of an https:// URL: `remote`, else whom the system trusts.
  std::shared_ptr<tls::Credentials> jwks;
  // For the collector of an https:// endpoint: the same.
  std::shared_ptr<tls::Credentials> otlp;
};

// INVALID_ARGUMENT with the setting, the file and what is wrong with it. Reads
// files: blocks. `clock` outlives what it gives; null is the system's.
absl::StatusOr<HostTls> LoadTls(const Config& config, const Clock* clock);

// Looks at the files every so often, on the worker pool. What cannot be taken
// is logged, and what was there stays. Loop thread.
class TlsReload {
 public:
  // Begins at once, when there is anything to look at. `loop`, `logger` and
  // `metrics` outlive it.
  TlsReload(EventLoop& loop, const HostTls& tls, absl::Duration interval,
            Logger& logger, Metrics& metrics);
  ~TlsReload();
  TlsReload(const TlsReload&) = delete;
  TlsReload& operator=(const TlsReload&) = delete;

  // Resolves when the last look is over; destroy it then.
  Promise<void> Stop();

 private:
  struct Watched {
    std::shared_ptr<tls::Credentials> credentials;
    Counter* changed;
    Counter* failed;
    Gauge* expires;
    std::string problem;  // the latest that was logged
  };

  void Wait();
  Promise<void> LookAtAll();
  void Tell(Watched& watched, const absl::StatusOr<bool>& outcome);

  EventLoop& loop_;
  const absl::Duration interval_;
  Logger& logger_;
  std::vector<Watched> watched_;
  Timer timer_;
  std::optional<Promise<void>> look_;
  bool stopped_ = false;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_HOST_TLS_H_
