// The data of a template: read from JSON or from a message into an arena, to
// be rendered any number of times.
//
// Reading another replaces the one before and takes its memory again. Not
// thread-safe while it reads; what was read may be rendered by any thread. A
// document keeps nothing of what it was read from.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_DOCUMENT_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_DOCUMENT_H_

#include <google/protobuf/message.h>

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "services/templates/engine/arena.h"
#include "services/templates/engine/json_reader.h"
#include "services/templates/engine/value.h"

namespace millrace::templates {

struct DataBounds {
  size_t bytes = 16 << 20;  // of the text, or of the message
  int depth = 100;          // of lists and objects in each other
};

class Document {
 public:
  // Strict: RFC 8259 to the letter, no key twice in an object, no NUL.
  // INVALID_ARGUMENT with line and column; RESOURCE_EXHAUSTED past a bound.
  // What was there before is gone in either case.
  absl::Status ReadJson(std::string_view text, const DataBounds& bounds = {});

  // A message in the proto3 JSON mapping, with these choices: fields without
  // presence are there when they have their default; names are those of the
  // proto file (templates also find the JSON names); 64-bit integers are
  // numbers; fields marked `sensitive` are left out. A Struct is the object
  // that it stands for. INVALID_ARGUMENT for a message that has no JSON form.
  absl::Status ReadMessage(const google::protobuf::Message& message,
                           const DataBounds& bounds = {});

  const Value& root() const { return root_; }

 private:
  Arena arena_;
  JsonReader json_;
  Value root_;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_DOCUMENT_H_
