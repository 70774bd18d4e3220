// Builds a JSON text piece by piece. Whoever writes keeps the nesting right:
// nothing is checked. A value type of one thread.
//
//   JsonWriter json;
//   json.BeginObject().Member("name", "main").Key("parts").BeginArray();
//   json.Value(1).Value(2).EndArray().EndObject();
//   json.text()   {"name":"main","parts":[1,2]}
#ifndef MILLRACE_RUNTIME_JSON_WRITER_H_
#define MILLRACE_RUNTIME_JSON_WRITER_H_

#include <cmath>
#include <concepts>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "runtime/logs.h"

namespace millrace::runtime {

class JsonWriter {
 public:
  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& BeginArray() { return Open('['); }
  JsonWriter& EndArray() { return Close(']'); }

  JsonWriter& Key(std::string_view key) {
    Comma();
    text_ += JsonText(key);
    text_ += ':';
    first_ = true;
    return *this;
  }

  JsonWriter& Value(std::string_view value) { return Raw(JsonText(value)); }
  JsonWriter& Value(const char* value) {
    return Value(std::string_view(value));
  }
  JsonWriter& Value(bool value) { return Raw(value ? "true" : "false"); }
  JsonWriter& Value(std::integral auto value) { return Raw(StrCat(value)); }
  // JSON has no infinity and no NaN.
  JsonWriter& Value(double value) {
    return Raw(std::isfinite(value) ? StrCat(value) : "null");
  }
  // What is JSON already.
  JsonWriter& Raw(std::string_view json) {
    Comma();
    text_ += json;
    return *this;
  }

  template <typename T>
  JsonWriter& Member(std::string_view key, const T& value) {
    return Key(key).Value(value);
  }

  const std::string& text() const { return text_; }

 private:
  JsonWriter& Open(char bracket) {
    Comma();
    text_ += bracket;
    first_ = true;
    return *this;
  }
  JsonWriter& Close(char bracket) {
    text_ += bracket;
    first_ = false;
    return *this;
  }
  void Comma() {
    if (!first_) text_ += ',';
    first_ = false;
  }

  std::string text_;
  bool first_ = true;  // nothing stands before, on this level
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_JSON_WRITER_H_
