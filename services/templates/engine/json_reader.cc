#include "services/templates/engine/json_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "services/templates/engine/key_hash.h"
#include "services/templates/engine/number_text.h"
#include "services/templates/engine/simd.h"

namespace millrace::templates {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<Value> JsonReader::Read(std::string_view text, int max_depth,
                                      Arena* arena) {
  p_ = text.data();
  max_depth_ = max_depth;
  arena_ = arena;
  levels_.clear();
  items_.clear();
  members_.clear();
  known_.assign(known_.empty() ? 1 : known_.size(), Shape());
  // A NUL in the text ends it for us, but not at its end.
  if (!Run() || p_ != text.data() + text.size()) return std::nullopt;
  return items_[0];
}

// The value of the whole text is the one item of the stack at the end.
bool JsonReader::Run() {
  SkipSpace();
  for (;;) {
    Value value;
    switch (*p_) {
      case '{':
        if (!Open(true)) return false;
        if (*p_ != '}') {
          if (!ReadKey()) return false;
          continue;
        }
        ++p_;
        if (!CloseObject(&value)) return false;
        break;
      case '[':
        if (!Open(false)) return false;
        if (*p_ != ']') continue;
        ++p_;
        value = CloseList();
        break;
      case '"': {
        ++p_;
        std::string_view text;
        if (!ReadString(&text)) return false;
        value.kind = Kind::kString;
        value.size = static_cast<uint32_t>(text.size());
        value.text = text.data();
        break;
      }
      case 't':
        if (!Word("true", Kind::kTrue, &value)) return false;
        break;
      case 'f':
        if (!Word("false", Kind::kFalse, &value)) return false;
        break;
      case 'n':
        if (!Word("null", Kind::kNull, &value)) return false;
        break;
      default:
        if (!ReadNumber(&value)) return false;
    }
    // Behind a value: into what is open, which it may close.
    for (;;) {
      if (*p_ <= ' ') SkipSpace();
      if (levels_.empty()) {
        items_.push_back(value);
        return true;
      }
      const bool is_object = levels_.back().is_object;
      if (is_object) {
        members_.back().value = value;
      } else {
        items_.push_back(value);
      }
      if (*p_ == ',') {
        ++p_;
        SkipSpace();
        if (is_object && !ReadKey()) return false;
        break;
      }
      if (*p_ != (is_object ? '}' : ']')) return false;
      ++p_;
      if (!is_object) {
        value = CloseList();
      } else if (!CloseObject(&value)) {
        return false;
      }
    }
  }
}

bool JsonReader::Open(bool is_object) {
  if (levels_.size() == max_depth_) return false;
  ++p_;
  SkipSpace();
  levels_.push_back(
      {is_object, /*as_known=*/true, /*escaped=*/false,
       static_cast<uint32_t>(is_object ? members_.size() : items_.size())});
  if (known_.size() < levels_.size()) known_.emplace_back();
  return true;
}

Value JsonReader::CloseList() {
  const uint32_t start = levels_.back().start;
  levels_.pop_back();
  Value list;
  list.kind = Kind::kList;
  list.size = static_cast<uint32_t>(items_.size() - start);
  Value* items = arena_->AllocateArray<Value>(list.size);
  if (list.size > 0) {
    std::memcpy(items, items_.data() + start, list.size * sizeof(Value));
  }
  list.items = items;
  items_.resize(start);
  return list;
}

bool JsonReader::CloseObject(Value* value) {
  const Level level = levels_.back();
  Shape* known = &known_[levels_.size() - 1];
  levels_.pop_back();
  const Member* members = members_.data() + level.start;
  const auto size = static_cast<uint32_t>(members_.size() - level.start);
  if (level.as_known && size == known->size && size > 0) {
    *value = CopyObject(members, size, arena_);
  } else {
    Shape none;
    const auto object =
        MakeObject(members, size, level.escaped ? &none : known, arena_);
    if (!object) return false;
    *value = *object;
  }
  members_.resize(level.start);
  return true;
}

// Objects in a list mostly have the keys of the one before, in its order: these
// need neither be looked for nor hashed again.
bool JsonReader::ReadKnownKey() {
  Level& level = levels_.back();
  if (!level.as_known) return false;
  const Shape& known = known_[levels_.size() - 1];
  const size_t index = members_.size() - level.start;
  if (index < known.size) {
    const Member& member = known.members[index];
    // A key is no longer than kTextPadding, or the text may end in it.
    if (member.key_size < kTextPadding && p_[0] == '"' &&
        simd::EqualPadded(p_ + 1, member.key, member.key_size) &&
        p_[member.key_size + 1] == '"' && p_[member.key_size + 2] == ':') {
      p_ += member.key_size + 3;
      members_.push_back(member);
      return true;
    }
  }
  level.as_known = false;
  return false;
}

bool JsonReader::ReadKey() {
  if (ReadKnownKey()) {
    SkipSpace();
    return true;
  }
  if (*p_ != '"') return false;
  std::string_view key;
  const char* begin = ++p_;
  if (!ReadString(&key)) return false;
  if (key.data() != begin) levels_.back().escaped = true;
  SkipSpace();
  if (*p_ != ':') return false;
  ++p_;
  SkipSpace();
  Member member;
  member.hash = HashKey(key);
  member.key_size = static_cast<uint32_t>(key.size());
  member.key = key.data();
  members_.push_back(member);
  return true;
}

// From behind the quote on. A text without escapes is where it stands.
bool JsonReader::ReadString(std::string_view* text) {
  const char* start = p_;
  p_ = simd::FindStringEnd(p_);
  if (*p_ == '"') {
    *text = {start, static_cast<size_t>(p_ - start)};
    ++p_;
    return true;
  }
  return *p_ == '\\' && ReadEscaped(start, text);
}

bool JsonReader::ReadNumber(Value* value) {
  const char* start = p_;
  if (*p_ == '-') ++p_;
  const char* digits = p_;
  if (!IsDigit(*p_)) return false;
  if (*p_ == '0') {
    ++p_;
  } else {
    while (IsDigit(*p_)) ++p_;
  }
  const char* point = p_;
  if (*p_ == '.') {
    ++p_;
    if (!IsDigit(*p_)) return false;
    while (IsDigit(*p_)) ++p_;
  }
  const char* exponent = p_;
  if (*p_ == 'e' || *p_ == 'E') {
    ++p_;
    if (*p_ == '+' || *p_ == '-') ++p_;
    if (!IsDigit(*p_)) return false;
    while (IsDigit(*p_)) ++p_;
  }
  value->kind = Kind::kNumber;
  value->text = start;
  value->size = static_cast<uint32_t>(p_ - start);
  if (exponent == p_ &&
      IsCanonicalNumber(digits, point, p_, /*negative=*/digits != start)) {
    return true;
  }
  double number = 0;
  const auto read = std::from_chars(start, p_, number);
  if (read.ec == std::errc::result_out_of_range) {
    number = std::strtod(start, nullptr);  // near 0, or out of all bounds
    if (std::isinf(number)) return false;
  }
  char text[kNumberTextSize];
  const size_t size = WriteNumber(number, text);
  value->text = arena_->CopyText({text, size});
  value->size = static_cast<uint32_t>(size);
  return true;
}

bool JsonReader::Word(std::string_view word, Kind kind, Value* value) {
  if (std::memcmp(p_, word.data(), word.size()) != 0) return false;
  p_ += word.size();
  value->kind = kind;
  return true;
}

}  // namespace millrace::templates
