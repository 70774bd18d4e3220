// Sixteen bytes at a time, where the processor can; else one by one. All of
// them read up to 16 bytes past what they find: see kTextPadding.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_SIMD_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_SIMD_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace millrace::templates::simd {

// The first quote, backslash or control character from `p` on. There is one:
// a document's text ends with NUL.
inline const char* FindStringEnd(const char* p) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1F);
  for (;; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i found =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote),
                                  _mm_cmpeq_epi8(bytes, backslash)),
                     _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
    const int mask = _mm_movemask_epi8(found);
    if (mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
  }
#else
  while (*p != '"' && *p != '\\' && static_cast<unsigned char>(*p) >= 0x20) ++p;
  return p;
#endif
}

// Copies `size` bytes, and up to 15 more: both sides have room for them.
inline void CopyPadded(char* to, const char* from, size_t size) {
#if defined(__SSE2__)
  const char* end = from + size;
  do {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    to += 16;
    from += 16;
  } while (from < end);
#else
  std::memcpy(to, from, size);
#endif
}

// Whether two texts of `size` bytes are equal.
inline bool EqualPadded(const char* a, const char* b, size_t size) {
#if defined(__SSE2__)
  if (size <= 16) {
    const __m128i equal =
        _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a)),
                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(b)));
    const unsigned wanted = (1u << size) - 1;
    return (static_cast<unsigned>(_mm_movemask_epi8(equal)) & wanted) == wanted;
  }
#endif
  return std::memcmp(a, b, size) == 0;
}

}  // namespace millrace::templates::simd

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_SIMD_H_
