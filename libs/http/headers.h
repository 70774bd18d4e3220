// The fields of one HTTP message: in order, names compared without case.
//
// A value type of one thread at a time. The views it hands out live until the
// next Add, Set or move. Names and values are kept as they came; whoever
// writes them to a peer validates them (serializer.h).
#ifndef MILLRACE_HTTP_HEADERS_H_
#define MILLRACE_HTTP_HEADERS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::http {

// Whether two ASCII texts are the same but for case.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// Whether the comma-separated list `value` has the member `token`.
bool ListHas(std::string_view value, std::string_view token);

// `text` without spaces and tabs at its ends.
std::string_view Trim(std::string_view text);

class Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  class Iterator {
   public:
    Iterator(const Headers* headers, size_t at) : headers_(headers), at_(at) {}
    Field operator*() const { return headers_->at(at_); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const Headers* headers_;
    size_t at_;
  };

  Headers() = default;
  Headers(
      std::initializer_list<std::pair<std::string_view, std::string_view>> all);

  void Add(std::string_view name, std::string_view value);
  // Replaces every field of that name.
  void Set(std::string_view name, std::string_view value);
  void Remove(std::string_view name);

  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  // The first field's value; empty when there is none.
  std::string_view Get(std::string_view name) const;
  // All fields of that name as one list, joined by ", ".
  std::string GetJoined(std::string_view name) const;

  size_t size() const { return slots_.size(); }
  bool empty() const { return slots_.empty(); }
  Field at(size_t index) const;
  Iterator begin() const { return Iterator(this, 0); }
  Iterator end() const { return Iterator(this, slots_.size()); }

  void clear();
  void Reserve(size_t fields, size_t bytes);

 private:
  // A field in `text_`: the name at `start`, the value right behind it.
  struct Slot {
    uint32_t start;
    uint32_t name_size;
    uint32_t value_size;
  };

  const Slot* Find(std::string_view name) const;
  std::string_view Name(const Slot& slot) const;

  std::string text_;
  std::vector<Slot> slots_;
};

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_HEADERS_H_
