// What the tests of this module share: a contract, and errors as text.
#ifndef MILLRACE_EVENTS_TEST_SUPPORT_H_
#define MILLRACE_EVENTS_TEST_SUPPORT_H_

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/strings.h"
#include "events/event_emitter.h"

namespace millrace::events_test {

struct Letters {
  struct Foo {
    using Payload = int;
    static constexpr size_t kIndex = 0;
    static constexpr std::string_view kName = "foo";
  };
  struct Bar {
    using Payload = std::string;
    static constexpr size_t kIndex = 1;
    static constexpr std::string_view kName = "bar";
  };
  struct Baz {
    using Payload = int;
    static constexpr size_t kIndex = 2;
    static constexpr std::string_view kName = "baz";
  };
  // Cannot be copied.
  struct Box {
    using Payload = std::unique_ptr<int>;
    static constexpr size_t kIndex = 3;
    static constexpr std::string_view kName = "box";
  };
  static constexpr size_t kEventCount = 4;
  static constexpr std::string_view kName = "letters";
};

using Foo = Letters::Foo;
using Bar = Letters::Bar;
using Baz = Letters::Baz;
using Box = Letters::Box;
using Emitter = EventEmitter<Letters>;

inline std::exception_ptr ErrorOf(const char* text) {
  return std::make_exception_ptr(std::runtime_error(text));
}

inline std::string TextOf(const std::exception_ptr& error) {
  return std::string(MessageOf(StatusFrom(error)));
}

}  // namespace millrace::events_test

#endif  // MILLRACE_EVENTS_TEST_SUPPORT_H_
