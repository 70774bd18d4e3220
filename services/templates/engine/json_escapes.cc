// Strings of JSON that are not what stands in the text.
#include <cstring>

#include "services/templates/engine/json_reader.h"
#include "services/templates/engine/simd.h"

namespace millrace::templates {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void PutUtf8(uint32_t code, char** to) {
  const auto put = [to](uint32_t byte) { *(*to)++ = static_cast<char>(byte); };
  const auto tail = [&](int shift) { put(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    tail(6);
  } else {
    put(0xF0 | code >> 18);
    tail(12);
    tail(6);
  }
  tail(0);
}

}  // namespace

bool JsonReader::ReadEscaped(const char* start, std::string_view* text) {
  // The decoded text is never longer; so find the end first.
  const char* end = p_;
  while (*end == '\\') {
    if (end[1] == '\0') return false;
    end = simd::FindStringEnd(end + 2);
  }
  if (*end != '"') return false;
  char* out = static_cast<char*>(
      arena_->Allocate(static_cast<size_t>(end - start) + kTextPadding));
  char* to = out;
  p_ = start;
  while (*p_ != '"') {
    if (*p_ != '\\') {
      const char* run = p_;
      p_ = simd::FindStringEnd(p_);
      std::memcpy(to, run, static_cast<size_t>(p_ - run));
      to += p_ - run;
      continue;
    }
    ++p_;
    static constexpr std::string_view kNames = "\"\\/bfnrt";
    static constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    const char name = *p_++;
    if (name == 'u') {
      if (!ReadUnicode(&to)) return false;
      continue;
    }
    const size_t index = kNames.find(name);
    if (index == kNames.npos) return false;
    *to++ = kValues[index];
  }
  std::memset(to, 0, kTextPadding);
  *text = {out, static_cast<size_t>(to - out)};
  ++p_;
  return true;
}

bool JsonReader::ReadUnicode(char** to) {
  const auto unit = [this](uint32_t* value) {
    *value = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = HexValue(*p_);
      if (digit < 0) return false;
      *value = *value * 16 + static_cast<uint32_t>(digit);
      ++p_;
    }
    return true;
  };
  uint32_t code, low;
  if (!unit(&code) || code == 0) return false;
  if (code >= 0xD800 && code < 0xE000) {
    if (code >= 0xDC00 || p_[0] != '\\' || p_[1] != 'u') return false;
    p_ += 2;
    if (!unit(&low) || low < 0xDC00 || low >= 0xE000) return false;
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  PutUtf8(code, to);
  return true;
}

}  // namespace millrace::templates
