// Whether the cluster is there: health() of the transport. Loop thread only.
//
// While all is well nothing is asked: whoever gets an answer of the cluster
// says Good(), whoever sees a connection fail says Suspect(). Only then, and
// once a second for as long as the cluster is away, it is probed, with a
// request for metadata on a thread of the environment's pool.
#ifndef MILLRACE_BUS_KAFKA_REACHABILITY_H_
#define MILLRACE_BUS_KAFKA_REACHABILITY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "bus/kafka/environment.h"

namespace millrace::bus::kafka {

class Reachability {
 public:
  // `client` gives the instance to probe with, or null while there is none.
  Reachability(Environment& environment, std::function<Handle()> client);
  ~Reachability();

  // UNAVAILABLE with what is known, also before the first answer. Asked while
  // the last answer is old, it has the cluster probed.
  absl::Status status();

  // It was asked and did not answer.
  bool known_away() const;

  void Good();
  void Suspect(std::string reason);

  // No more probes.
  void Stop();

 private:
  void Probe();
  void OnProbe(absl::Status result);
  void Settle(bool reachable);

  Environment& environment_;
  const std::function<Handle()> client_;
  // What a probe's result comes back to; empty when this is gone.
  const std::shared_ptr<Reachability*> self_;
  bool reachable_ = false;
  bool told_away_ = false;  // the log says so
  bool probing_ = false;
  bool stopped_ = false;
  int64_t last_good_ms_ = 0;
  std::string reason_ = "not connected yet";
  Timer next_;
};

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_REACHABILITY_H_
