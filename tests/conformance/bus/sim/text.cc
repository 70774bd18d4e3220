#include "tests/conformance/bus/sim/text.h"

#include <google/protobuf/wrappers.pb.h>

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "tests/conformance/bus/sim/plan.h"

namespace millrace::bus::sim {

std::string Text::ToString() const {
  return StrCat(key, ":", number, ":", static_cast<char>(kind));
}

std::string PayloadOf(const Text& text) {
  std::string whole = text.ToString();
  // An event has some 250 bytes of headers, a letter as many again.
  if (text.kind == Kind::kLarge) {
    whole += "|" + std::string(kMaxRecordBytes - 350, '.');
  } else if (text.kind == Kind::kTooLarge) {
    whole += "|" + std::string(kMaxRecordBytes, '.');
  }
  google::protobuf::StringValue value;
  value.set_value(whole);
  return value.SerializeAsString();
}

bool ParseText(std::string_view payload, Text* text) {
  google::protobuf::StringValue value;
  if (!value.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return false;
  }
  const std::string whole = value.value().substr(0, value.value().find('|'));
  const std::vector<std::string> parts = absl::StrSplit(whole, ':');
  if (parts.size() != 3 || parts[2].size() != 1 ||
      !absl::SimpleAtoi(parts[1], &text->number)) {
    return false;
  }
  text->key = parts[0];
  text->kind = static_cast<Kind>(parts[2][0]);
  return true;
}

}  // namespace millrace::bus::sim
