// `millrace emit`, `tail`, `dead-letters` and `replay`, over millrace.v1.
// BusService of a running process. Each returns the exit code.
#ifndef MILLRACE_TOOLS_MILLRACE_BUS_COMMANDS_H_
#define MILLRACE_TOOLS_MILLRACE_BUS_COMMANDS_H_

#include <string>
#include <vector>

#include "tools/millrace/client.h"

namespace millrace::cli {

// Prints the id of the event.
int Emit(const ClientOptions& options, const std::string& type,
         const std::string& json, const std::string& key);

struct TailFilter {
  std::vector<std::string> contracts;
  std::vector<std::string> types;
  std::string key;
  bool from_beginning = false;
  bool follow = true;
};

// Prints each event as a line of JSON.
int Tail(const ClientOptions& options, const TailFilter& filter);

struct LetterFilter {
  std::string group;
  std::string topic;
  std::string key;
  std::string id;
  bool all = false;
  bool dry_run = false;
};

// Prints each letter as a line of JSON.
int DeadLetters(const ClientOptions& options, const LetterFilter& filter);

// The same for those that were replayed, or with dry_run would be.
int Replay(const ClientOptions& options, const LetterFilter& filter);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_BUS_COMMANDS_H_
