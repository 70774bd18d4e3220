// Frames of HTTP/2, as a client puts them together that may be wrong. Pure
// functions, any thread.
#ifndef MILLRACE_RPC_TESTDATA_FRAMES_H_
#define MILLRACE_RPC_TESTDATA_FRAMES_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::rpc {

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kReset = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
};
inline constexpr uint8_t kEndStream = 1;
inline constexpr uint8_t kEndHeaders = 4;

// Big-endian.
std::string Number(uint64_t value, int bytes);
std::string Frame(uint8_t type, uint8_t flags, uint32_t stream,
                  std::string_view payload = "");
// A literal of HPACK, whose name is below 127 bytes.
std::string Field(std::string_view name, std::string_view value);
// The same, which the server also keeps for later: entry 62 then names it.
std::string KeptField(std::string_view name, std::string_view value);
inline constexpr char kLastKept = '\xbe';
// Of a call of the Echo service of these tests.
std::string CallHeaders(std::string_view method);

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_TESTDATA_FRAMES_H_
