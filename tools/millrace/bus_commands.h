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
  std::string trace_id;
  std::string source;
  // RFC 3339, or how long ago: "10m". Empty: from now on, and for ever.
  std::string since;
  std::string until;
  bool from_beginning = false;
  bool follow = true;
  std::string format = "json";  // or "text"
};

// Prints each event as a line. Ends after `until` by itself; one that follows
// may be ended by an interrupt as well.
int Tail(const ClientOptions& options, const TailFilter& filter);

struct LetterFilter {
  std::string group;
  std::string topic;
  std::string key;
  std::string id;
  bool all = false;
  bool dry_run = false;
  int limit = 0;                // 0: all of them
  std::string format = "json";  // or "text"
};

// Prints each letter as a line.
int DeadLetters(const ClientOptions& options, const LetterFilter& filter);

// Prints everything about the letter filter.id; 1 when there is none.
int ShowLetter(const ClientOptions& options, const LetterFilter& filter);

// The same for those that were replayed, or with dry_run would be.
int Replay(const ClientOptions& options, const LetterFilter& filter);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_BUS_COMMANDS_H_
