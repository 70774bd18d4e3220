#include "http/chunk_size.h"

#include <algorithm>
#include <charconv>

#include "http/request_rules.h"
#include "http/serializer.h"

namespace millrace::http {
namespace {

void SkipBlanks(std::string_view* text) {
  text->remove_prefix(std::min(text->find_first_not_of(" \t"), text->size()));
}

bool Skip(std::string_view* text, char c) {
  if (!text->starts_with(c)) return false;
  text->remove_prefix(1);
  return true;
}

bool SkipToken(std::string_view* text) {
  size_t size = 0;
  while (size < text->size() && IsToken(text->substr(size, 1))) ++size;
  text->remove_prefix(size);
  return size > 0;
}

// Behind the opening quote. A backslash quotes what follows it.
bool SkipQuoted(std::string_view* text) {
  for (size_t i = 0; i < text->size(); ++i) {
    if ((*text)[i] == '"') {
      text->remove_prefix(i + 1);
      return true;
    }
    if ((*text)[i] == '\\') ++i;
  }
  return false;
}

// *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )
bool AreExtensions(std::string_view text) {
  while (!text.empty()) {
    SkipBlanks(&text);
    if (!Skip(&text, ';')) return false;
    SkipBlanks(&text);
    if (!SkipToken(&text)) return false;
    std::string_view value = text;
    SkipBlanks(&value);
    if (!Skip(&value, '=')) continue;
    SkipBlanks(&value);
    text = value;
    if (!(Skip(&text, '"') ? SkipQuoted(&text) : SkipToken(&text))) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<ChunkSize> ParseChunkSize(std::string_view line) {
  ChunkSize chunk;
  const char* const end = line.data() + line.size();
  // Takes neither a sign nor 0x.
  const auto [rest, error] = std::from_chars(line.data(), end, chunk.size, 16);
  if (error != std::errc()) return std::nullopt;
  chunk.extensions = line.substr(rest - line.data());
  if (HasControl(line) || !AreExtensions(chunk.extensions)) return std::nullopt;
  return chunk;
}

}  // namespace millrace::http
