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

std::string Field(std::string_view name, std::string_view value) {
  return StrCat(Number(0, 1), Number(name.size(), 1), name,
                Number(value.size(), 1), value);
}

std::string CallHeaders(std::string_view method) {
  return StrCat(Field(":method", "POST"), Field(":scheme", "http"),
                Field(":path", StrCat("/millrace.test.Echo/", method)),
                Field(":authority", "x"), Field("te", "trailers"),
                Field("content-type", "application/grpc"));
}

}  // namespace millrace::rpc
