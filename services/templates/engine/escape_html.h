// The escaping that nearly every value goes through: HTML's.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_ESCAPE_HTML_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_ESCAPE_HTML_H_

#include <algorithm>
#include <cstring>
#include <string_view>

#include "services/templates/engine/escape.h"
#include "services/templates/engine/output.h"
#include "services/templates/engine/simd.h"

namespace millrace::templates {

// The entity of a character that has one, or "".
template <bool kApostrophe>
std::string_view HtmlEntity(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return kApostrophe ? "&#39;" : std::string_view();
    default:
      return {};
  }
}

#if defined(__SSE2__)
// A bit for each of the 16 bytes that has an entity.
template <bool kApostrophe>
inline unsigned HtmlMask(__m128i bytes) {
  // '<' and '>' differ in one bit, '"' and '&' in another: two comparisons.
  __m128i found = _mm_or_si128(
      _mm_cmpeq_epi8(_mm_or_si128(bytes, _mm_set1_epi8(2)), _mm_set1_epi8('>')),
      _mm_cmpeq_epi8(_mm_or_si128(bytes, _mm_set1_epi8(4)),
                     _mm_set1_epi8('&')));
  if constexpr (kApostrophe) {
    found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\'')));
  }
  return static_cast<unsigned>(_mm_movemask_epi8(found));
}
#endif

// Writes up to 6 times the size of `text`, and 16 bytes past it, to `to`;
// answers where it ended. `text` has kTextPadding bytes behind it.
template <bool kApostrophe>
inline char* EscapeHtmlTo(const char* text, size_t size, char* to) {
  const char* end = text + size;
#if defined(__SSE2__)
  while (text < end) {
    const __m128i bytes =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
    const size_t here = std::min<size_t>(16, static_cast<size_t>(end - text));
    const unsigned mask = HtmlMask<kApostrophe>(bytes) & ((1u << here) - 1);
    if (mask == 0) {
      text += here;
      to += here;
      continue;
    }
    const int clean = __builtin_ctz(mask);
    text += clean;
    to += clean;
    const std::string_view entity = HtmlEntity<kApostrophe>(*text++);
    std::memcpy(to, entity.data(), entity.size());
    to += entity.size();
  }
#else
  for (; text < end; ++text) {
    const std::string_view entity = HtmlEntity<kApostrophe>(*text);
    if (entity.empty()) {
      *to++ = *text;
    } else {
      std::memcpy(to, entity.data(), entity.size());
      to += entity.size();
    }
  }
#endif
  return to;
}

// Writes a text of at most kShort bytes when nothing in it has an entity, or no
// escaping is asked for; else does nothing and says so.
inline constexpr size_t kShort = 32;
inline bool WriteShort(const char* text, size_t size, Escape escape,
                       Output* out) {
#if defined(__SSE2__)
  char* to = out->Reserve(kShort);
  const auto copy = [text, to](size_t at) {
    const __m128i bytes =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at), bytes);
    return uint64_t{HtmlMask<true>(bytes)} << at;
  };
  uint64_t mask = copy(0);
  if (size > 16) mask |= copy(16);
  if ((mask & ((uint64_t{1} << size) - 1)) != 0 && escape != Escape::kNone) {
    return false;
  }
  out->WroteTo(to + size);
  return true;
#else
  return false;
#endif
}

// A large text is written in pieces, so that not six times its size is kept.
template <bool kApostrophe>
inline void WriteHtml(std::string_view text, Output* out) {
  constexpr size_t kPiece = 4096;
  do {
    const size_t size = std::min(text.size(), kPiece);
    out->WroteTo(
        EscapeHtmlTo<kApostrophe>(text.data(), size, out->Reserve(6 * size)));
    text.remove_prefix(size);
  } while (!text.empty());
}

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_ESCAPE_HTML_H_
