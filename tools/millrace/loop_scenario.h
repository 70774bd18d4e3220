// The JSON document of a loop scenario, as a tree. Strict enough for the
// generator's output; not a parser for strangers' data.
#ifndef MILLRACE_TOOLS_MILLRACE_LOOP_SCENARIO_H_
#define MILLRACE_TOOLS_MILLRACE_LOOP_SCENARIO_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace {

struct ScenarioValue {
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  bool boolean = false;
  double number = 0;
  std::string text;
  std::vector<ScenarioValue> items;  // of an array, or the object's values
  std::vector<std::string> keys;     // of an object

  // The member `key`, of equal keys the last, or null.
  const ScenarioValue* Find(std::string_view key) const;
  // Members with a default.
  std::string_view Text(std::string_view key) const;
  double Number(std::string_view key) const;
  bool Flag(std::string_view key) const;
  // The member's list; empty when there is none.
  const std::vector<ScenarioValue>& List(std::string_view key) const;
};

// INVALID_ARGUMENT with the offset of what is wrong.
absl::StatusOr<ScenarioValue> ParseScenario(std::string_view json);

// {"trace":["a","b"]} and a newline.
std::string TraceLine(const std::vector<std::string>& trace);

}  // namespace millrace

#endif  // MILLRACE_TOOLS_MILLRACE_LOOP_SCENARIO_H_
