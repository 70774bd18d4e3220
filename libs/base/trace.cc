#include "base/trace.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "absl/types/span.h"
#include "base/random.h"

namespace millrace {
namespace {

// tracestate: at most 32 members, and 512 characters that must be passed on.
constexpr size_t kMaxMembers = 32;

// Sampled, and that the trace id is random (level 2). Others are not passed on.
constexpr uint8_t kKnownFlags = 3;

void FillRandom(absl::Span<uint8_t> bytes) {
  do {
    for (size_t i = 0; i < bytes.size(); i += 8) {
      const uint64_t bits = RandomBits();
      std::memcpy(&bytes[i], &bits, std::min<size_t>(8, bytes.size() - i));
    }
  } while (std::all_of(bytes.begin(), bytes.end(),
                       [](uint8_t b) { return b == 0; }));
}

// Writes two digits for each byte.
void PutHex(absl::Span<const uint8_t> bytes, char* out) {
  constexpr char kHex[] = "0123456789abcdef";
  for (const uint8_t b : bytes) {
    *out++ = kHex[b >> 4];
    *out++ = kHex[b & 0xf];
  }
}

std::string Hex(absl::Span<const uint8_t> bytes) {
  std::string text(bytes.size() * 2, '0');
  PutHex(bytes, text.data());
  return text;
}

constexpr uint8_t kNoDigit = 0xff;

// The value of each character as a digit: lower case only, as the
// specification demands.
constexpr std::array<uint8_t, 256> kDigits = [] {
  std::array<uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (uint8_t i = 0; i < 10; ++i) digits['0' + i] = i;
  for (uint8_t i = 0; i < 6; ++i) digits['a' + i] = 10 + i;
  return digits;
}();

bool ParseHex(std::string_view text, absl::Span<uint8_t> bytes) {
  if (text.size() != bytes.size() * 2) return false;
  uint8_t wrong = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const uint8_t high = kDigits[static_cast<uint8_t>(text[2 * i])];
    const uint8_t low = kDigits[static_cast<uint8_t>(text[2 * i + 1])];
    wrong |= (high | low) & 0xf0;  // as of kNoDigit
    bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return wrong == 0;
}

bool AllZero(absl::Span<const uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](uint8_t b) { return b == 0; });
}

bool IsKeyChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '*' || c == '/' || c == '@';
}

// As level 2 of the specification has it, which takes more than level 1: a
// letter or a digit, then at most 255 others, "@" among them.
bool ValidKey(std::string_view key) {
  if (key.empty() || key.size() > 256) return false;
  const bool letter = key[0] >= 'a' && key[0] <= 'z';
  const bool digit = key[0] >= '0' && key[0] <= '9';
  return (letter || digit) && std::all_of(key.begin(), key.end(), IsKeyChar);
}

bool ValidValue(std::string_view value) {
  return !value.empty() && value.size() <= 256 && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(), [](char c) {
           return c >= 0x20 && c <= 0x7e && c != ',' && c != '=';
         });
}

// A key that comes twice is passed on, as whoever reads it may take either.
bool ValidTracestate(std::string_view tracestate) {
  size_t members = 0;
  while (!tracestate.empty()) {
    const size_t comma = tracestate.find(',');
    std::string_view member = tracestate.substr(0, comma);
    tracestate.remove_prefix(comma == std::string_view::npos ? tracestate.size()
                                                             : comma + 1);
    while (!member.empty() && (member.front() == ' ' || member.front() == '\t'))
      member.remove_prefix(1);
    while (!member.empty() && (member.back() == ' ' || member.back() == '\t'))
      member.remove_suffix(1);
    if (member.empty()) continue;
    const size_t equals = member.find('=');
    if (equals == std::string_view::npos) return false;
    if (!ValidKey(member.substr(0, equals)) ||
        !ValidValue(member.substr(equals + 1))) {
      return false;
    }
    ++members;
  }
  return members <= kMaxMembers;
}

}  // namespace

TraceContext TraceContext::NewRoot() {
  TraceContext context;
  FillRandom(absl::MakeSpan(context.trace_id));
  FillRandom(absl::MakeSpan(context.span_id));
  context.flags = 1;
  return context;
}

std::optional<TraceContext> TraceContext::Parse(std::string_view traceparent,
                                                std::string_view tracestate) {
  // version(2)-trace_id(32)-parent_id(16)-flags(2); a later version may add
  // fields after another dash.
  if (traceparent.size() < 55) return std::nullopt;
  uint8_t version, flags;
  TraceContext context;
  if (traceparent[2] != '-' || traceparent[35] != '-' ||
      traceparent[52] != '-' ||
      !ParseHex(traceparent.substr(0, 2), absl::MakeSpan(&version, 1)) ||
      !ParseHex(traceparent.substr(3, 32), absl::MakeSpan(context.trace_id)) ||
      !ParseHex(traceparent.substr(36, 16), absl::MakeSpan(context.span_id)) ||
      !ParseHex(traceparent.substr(53, 2), absl::MakeSpan(&flags, 1))) {
    return std::nullopt;
  }
  if (version == 0xff || AllZero(context.trace_id) ||
      AllZero(context.span_id)) {
    return std::nullopt;
  }
  if (traceparent.size() > 55 && (version == 0 || traceparent[55] != '-')) {
    return std::nullopt;
  }
  context.flags = flags & kKnownFlags;
  if (ValidTracestate(tracestate)) context.tracestate = tracestate;
  return context;
}

TraceContext TraceContext::Child() const {
  TraceContext child = *this;
  FillRandom(absl::MakeSpan(child.span_id));
  return child;
}

bool TraceContext::valid() const {
  return !AllZero(trace_id) && !AllZero(span_id);
}

std::string TraceContext::traceparent() const {
  std::string text(55, '-');
  text[0] = text[1] = '0';
  PutHex(trace_id, &text[3]);
  PutHex(span_id, &text[36]);
  PutHex(absl::MakeConstSpan(&flags, 1), &text[53]);
  return text;
}

std::string TraceContext::trace_id_hex() const { return Hex(trace_id); }
std::string TraceContext::span_id_hex() const { return Hex(span_id); }

}  // namespace millrace
