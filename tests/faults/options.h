// What a service under test is told on its command line: NAME=VALUE pairs.
#ifndef MILLRACE_TESTS_FAULTS_OPTIONS_H_
#define MILLRACE_TESTS_FAULTS_OPTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace::faults {

struct Options {
  // The database it changes and emits from, and that in which it applies what
  // it hears. Empty: it does not.
  std::string emit;
  std::string apply;

  std::string brokers;
  std::string topic;
  int partitions = 6;
  std::string group = "appliers";
  std::string member;  // empty: another one at each start
  int session_ms = 3000;

  // The writer ends when the database has so many changes, `events` / `keys` of
  // each key.
  int events = 0;
  int keys = 64;
  int lanes = 8;  // transactions at once; each has keys of its own
  int per_tx = 4;
  int rate = 0;  // changes per second; 0: as fast as it goes
  // Whether it publishes what is in the outbox, and whether others do as well.
  bool relay = true;
  std::optional<bool> shared;
  int lease_ms = 2000;

  int handler_ms = 0;
  // A file to which each change is added once its commit was acknowledged.
  std::string acks;
  // POINT:N, the N-th time: see DieAt in service.h.
  std::string die;
};

// INVALID_ARGUMENT naming what is not known or not a number.
absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& words);

}  // namespace millrace::faults

#endif  // MILLRACE_TESTS_FAULTS_OPTIONS_H_
