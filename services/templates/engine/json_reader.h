// Reads JSON into an arena, in the form that templates read.
//
// Why there is another reader beside libs/contract's: that one checks a text
// for libprotobuf and keeps nothing. This one must take the same texts and
// leaves the errors to it, which the tests hold it to; what it adds is the
// document, at the speed that rendering needs, and no recursion.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_JSON_READER_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_JSON_READER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "services/templates/engine/arena.h"
#include "services/templates/engine/value.h"

namespace millrace::templates {

// The members of an object whose hashes differ, and so their keys.
struct Shape {
  const Member* members = nullptr;
  uint32_t size = 0;
};

// Copies the members of an object into the arena, with their index; nothing
// when a key is there twice. `known` becomes this object, unless its hashes do
// not tell its keys apart.
std::optional<Value> MakeObject(const Member* members, uint32_t size,
                                Shape* known, Arena* arena);

// The same for one whose keys are those of an object that was made before.
Value CopyObject(const Member* members, uint32_t size, Arena* arena);

// Not thread-safe: it keeps its stacks for the next text.
class JsonReader {
 public:
  // The value of `text`, which is UTF-8 with kTextPadding bytes behind it, the
  // first of them NUL, and outlives the value; nothing when it is not JSON.
  std::optional<Value> Read(std::string_view text, int max_depth, Arena* arena);

 private:
  struct Level {
    bool is_object;
    bool as_known;   // all keys so far are those of the object before
    bool escaped;    // a key has escapes, so that its text is another
    uint32_t start;  // of its items or members on their stack
  };

  bool Run();
  bool ReadKey();
  bool ReadKnownKey();
  bool ReadString(std::string_view* text);
  bool ReadEscaped(const char* start, std::string_view* text);
  bool ReadUnicode(char** to);
  bool ReadNumber(Value* value);
  bool Word(std::string_view word, Kind kind, Value* value);
  bool Open(bool is_object);
  Value CloseList();
  bool CloseObject(Value* value);
  void SkipSpace() {
    if (*p_ > ' ') return;
    while (*p_ == ' ' || *p_ == '\n' || *p_ == '\t' || *p_ == '\r') ++p_;
  }

  const char* p_ = nullptr;
  size_t max_depth_ = 0;
  Arena* arena_ = nullptr;
  std::vector<Level> levels_;
  std::vector<Value> items_;     // of the open lists
  std::vector<Member> members_;  // of the open objects
  std::vector<Shape> known_;     // the object before, on each level
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_JSON_READER_H_
