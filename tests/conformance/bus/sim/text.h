// The events of a simulation. Each is a google.protobuf.StringValue
//
//   <key>:<number>:<kind>[|padding]
//
// whose number counts the committed events of its key from 0, and whose kind
// says what handlers make of it.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SIM_TEXT_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SIM_TEXT_H_

#include <string>
#include <string_view>

namespace millrace::bus::sim {

enum class Kind : char {
  kPlain = 'n',
  kSlow = 's',       // longer than a partition may take to be handed over
  kAway = 'u',       // UNAVAILABLE a few times
  kFlaky = 'f',      // INTERNAL a few times, less than would be too many
  kPoison = 'p',     // INVALID_ARGUMENT
  kLarge = 'l',      // the same, and too large with what a letter adds
  kDoomed = 'x',     // INTERNAL for ever
  kTooLarge = 'b',   // never taken by the log
  kRolledBack = 'r'  // its transaction does not commit
};

struct Text {
  std::string key;
  int number = -1;
  Kind kind = Kind::kPlain;

  // Without the padding.
  std::string ToString() const;
};

// Of a kind that ends as a dead letter.
inline bool Dies(Kind kind) {
  return kind == Kind::kPoison || kind == Kind::kLarge || kind == Kind::kDoomed;
}

std::string PayloadOf(const Text& text);

// False when `payload` is none of these.
bool ParseText(std::string_view payload, Text* text);

}  // namespace millrace::bus::sim

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SIM_TEXT_H_
