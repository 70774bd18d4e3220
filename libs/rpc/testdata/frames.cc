#include "rpc/testdata/frames.h"

#include "base/strings.h"

namespace millrace::rpc {

std::string Number(uint64_t value, int bytes) {
  std::string text;
  while (bytes-- > 0) text += static_cast<char>(value >> 8 * bytes & 0xff);
  return text;
}

std::string Frame(uint8_t type, uint8_t flags, uint32_t stream,
                  std::string_view payload) {
  return StrCat(Number(payload.size(), 3), Number(type, 1), Number(flags, 1),
                Number(stream, 4), payload);
}

namespace {

// Its length, by RFC 7541, 5.1, and the text.
std::string Text(std::string_view text) {
  constexpr size_t kFirst = 127;
  if (text.size() < kFirst) return StrCat(Number(text.size(), 1), text);
  std::string size = Number(kFirst, 1);
  size_t rest = text.size() - kFirst;
  for (; rest >= 128; rest /= 128) size += Number(rest % 128 + 128, 1);
  return StrCat(size, Number(rest, 1), text);
}

}  // namespace

std::string Field(std::string_view name, std::string_view value) {
  return StrCat(Number(0, 1), Text(name), Text(value));
}

std::string KeptField(std::string_view name, std::string_view value) {
  return StrCat(Number(0x40, 1), Text(name), Text(value));
}

std::string CallHeaders(std::string_view method) {
  return StrCat(Field(":method", "POST"), Field(":scheme", "http"),
                Field(":path", StrCat("/millrace.test.Echo/", method)),
                Field(":authority", "x"), Field("te", "trailers"),
                Field("content-type", "application/grpc"));
}

}  // namespace millrace::rpc
