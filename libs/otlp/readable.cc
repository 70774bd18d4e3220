#include "otlp/readable.h"

#include "contract/utf8.h"

namespace millrace::otlp {

std::string Readable(std::string_view bytes) {
  std::string text(bytes);
  for (;;) {
    const size_t bad = FirstInvalidUtf8(text);
    if (bad >= text.size()) return text;
    text[bad] = '?';
  }
}

}  // namespace millrace::otlp
