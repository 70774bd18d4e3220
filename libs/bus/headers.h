// The headers of a record: names and values in order, with duplicates, packed
// into one piece of memory, which is also how a column of a table keeps them.
// A value type; views of it are valid until it is changed.
//
// Names that the bus itself writes begin with "millrace-"; see dead_letter.h
// for most of them.
#ifndef MILLRACE_BUS_HEADERS_H_
#define MILLRACE_BUS_HEADERS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace millrace::bus {

class Headers {
 public:
  using value_type = std::pair<std::string_view, std::string_view>;

  // Walks over pairs of a name and its value.
  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Headers::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = const value_type&;

    const_iterator() = default;
    explicit const_iterator(std::string_view left) : left_(left) { Read(); }

    const value_type& operator*() const { return header_; }
    const value_type* operator->() const { return &header_; }
    const_iterator& operator++() {
      left_.remove_prefix(kLengths + header_.first.size() +
                          header_.second.size());
      Read();
      return *this;
    }
    const_iterator operator++(int) {
      const const_iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const const_iterator& other) const {
      return left_.size() == other.left_.size();
    }

   private:
    void Read() {
      if (left_.empty()) return;
      header_.first = PieceAt(left_.data());
      header_.second = PieceAt(header_.first.data() + header_.first.size());
    }

    std::string_view left_;  // from the current header on
    value_type header_;
  };

  Headers() = default;
  Headers(std::initializer_list<value_type> headers);

  // DATA_LOSS when `packed` is not of the form of packed().
  static absl::StatusOr<Headers> Unpack(std::string packed);

  // For each header the length of the name, the name, the length of the value,
  // the value; lengths are 4 bytes, little-endian.
  const std::string& packed() const { return packed_; }

  // Room for headers whose names and values have this many bytes together.
  void Reserve(size_t headers, size_t bytes) {
    packed_.reserve(headers * kLengths + bytes);
  }
  // Neither may have 4 GiB.
  void Add(std::string_view name, std::string_view value);
  // Takes all headers out whose name begins with `prefix`.
  void RemovePrefix(std::string_view prefix);

  // The value of the last header of this name (the last one counts, as in
  // Kafka), or nothing.
  std::optional<std::string_view> Find(std::string_view name) const;

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Of names and values.
  size_t bytes() const { return packed_.size() - size_ * kLengths; }

  const_iterator begin() const { return const_iterator(packed_); }
  const_iterator end() const { return const_iterator(); }

  bool operator==(const Headers&) const = default;

 private:
  static constexpr size_t kLengths = 2 * sizeof(uint32_t);

  static uint32_t LengthAt(const char* at) {
    const auto byte = [at](int i) {
      return static_cast<uint32_t>(static_cast<unsigned char>(at[i])) << 8 * i;
    };
    return byte(0) | byte(1) | byte(2) | byte(3);
  }
  // The piece whose length stands here.
  static std::string_view PieceAt(const char* at) {
    return {at + sizeof(uint32_t), LengthAt(at)};
  }
  // Moves past the first piece; false when it is not whole.
  static bool SkipPiece(std::string_view* packed);

  std::string packed_;
  size_t size_ = 0;
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_HEADERS_H_
