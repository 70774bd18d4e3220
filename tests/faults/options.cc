#include "tests/faults/options.h"

#include <map>

#include "absl/strings/numbers.h"
#include "base/strings.h"

namespace millrace::faults {
namespace {

absl::Status Bad(const std::string& word) {
  return absl::InvalidArgumentError(
      StrCat("fault_service: '", word, "' is no option; see options.h"));
}

}  // namespace

absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& words) {
  Options options;
  const std::map<std::string, std::string*> texts = {
      {"emit", &options.emit},       {"apply", &options.apply},
      {"brokers", &options.brokers}, {"topic", &options.topic},
      {"group", &options.group},     {"member", &options.member},
      {"acks", &options.acks},       {"die", &options.die}};
  int relay = 1;
  int shared = -1;
  const std::map<std::string, int*> numbers = {
      {"partitions", &options.partitions},
      {"session_ms", &options.session_ms},
      {"events", &options.events},
      {"keys", &options.keys},
      {"lanes", &options.lanes},
      {"per_tx", &options.per_tx},
      {"rate", &options.rate},
      {"lease_ms", &options.lease_ms},
      {"handler_ms", &options.handler_ms},
      {"relay", &relay},
      {"shared", &shared}};
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) return Bad(word);
    const std::string name = word.substr(0, equals);
    const std::string value = word.substr(equals + 1);
    if (const auto text = texts.find(name); text != texts.end()) {
      *text->second = value;
      continue;
    }
    const auto number = numbers.find(name);
    if (number == numbers.end() || !absl::SimpleAtoi(value, number->second)) {
      return Bad(word);
    }
  }
  options.relay = relay != 0;
  if (shared >= 0) options.shared = shared != 0;
  return options;
}

}  // namespace millrace::faults
