#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/strings.h"
#include "contract/errors.h"
#include "rpc/wire_internal.h"

namespace millrace::rpc {
namespace {

bool Parse(grpc::ByteBuffer* buffer, Message* message) {
  grpc::Slice slice;
  if (buffer->TrySingleSlice(&slice).ok()) {
    return message->ParseFromArray(slice.begin(),
                                   static_cast<int>(slice.size()));
  }
  // Several pieces, or compressed.
  grpc::ProtoBufferReader reader(buffer);
  return reader.status().ok() && message->ParseFromZeroCopyStream(&reader);
}

// At most `size` bytes that do not end inside a UTF-8 sequence.
std::string_view Cut(std::string_view text, size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (text[size] & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace

absl::Status CheckSize(const Message& message, size_t size) {
  if (size <= static_cast<size_t>(std::numeric_limits<int>::max())) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      StrCat(message.GetTypeName(), " of ", size,
             " bytes is beyond the 2 GiB that protobuf can encode; send it "
             "in parts, as a stream"));
}

absl::Status NotDecoded(const Message& message, size_t size) {
  return absl::InvalidArgumentError(StrCat(
      "the ", size, " bytes received are not a valid ", message.GetTypeName()));
}

absl::Status ToBuffer(const Message& message, grpc::ByteBuffer* buffer) {
  const size_t size = message.ByteSizeLong();
  if (absl::Status fits = CheckSize(message, size); !fits.ok()) return fits;
  grpc::Slice slice(size);
  message.SerializeWithCachedSizesToArray(const_cast<uint8_t*>(slice.begin()));
  *buffer = grpc::ByteBuffer(&slice, 1);
  return absl::OkStatus();
}

absl::Status FromBuffer(grpc::ByteBuffer* buffer, Message* message) {
  return Parse(buffer, message) ? absl::OkStatus()
                                : NotDecoded(*message, buffer->Length());
}

WireStatus ToWire(const absl::Status& status) {
  WireStatus wire;
  if (status.ok()) return wire;
  wire.code = static_cast<int>(status.code());
  std::string_view text = MessageOf(status);
  bool has_payload = false;
  status.ForEachPayload(
      [&](absl::string_view, const absl::Cord&) { has_payload = true; });
  if (has_payload) wire.details = StatusToBytes(status);
  if (text.size() + wire.details.size() > kMaxErrorBytes) {
    wire.details.clear();
    text = Cut(text, kMaxErrorBytes);
  }
  wire.text = text;
  return wire;
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  WireStatus wire = ToWire(status);
  return grpc::Status(static_cast<grpc::StatusCode>(wire.code),
                      std::move(wire.text), std::move(wire.details));
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  if (const std::string details = status.error_details(); !details.empty()) {
    absl::Status decoded = StatusFromBytes(details);
    // What the details say of code and text must agree with the trailers.
    if (static_cast<int>(decoded.code()) == status.error_code()) {
      return decoded;
    }
  }
  const int code = status.error_code();
  return absl::Status(code > 0 && code <= 16
                          ? static_cast<absl::StatusCode>(code)
                          : absl::StatusCode::kUnknown,
                      status.error_message());
}

absl::Time ToTime(gpr_timespec time) {
  if (gpr_time_cmp(time, gpr_inf_future(time.clock_type)) == 0) {
    return absl::InfiniteFuture();
  }
  time = gpr_convert_clock_type(time, GPR_CLOCK_REALTIME);
  return absl::TimeFromTimespec({time.tv_sec, time.tv_nsec});
}

gpr_timespec FromTime(absl::Time time) {
  if (time == absl::InfiniteFuture()) return gpr_inf_future(GPR_CLOCK_REALTIME);
  const timespec spec = absl::ToTimespec(time);
  return {spec.tv_sec, static_cast<int32_t>(spec.tv_nsec), GPR_CLOCK_REALTIME};
}

int ToMilliseconds(absl::Duration duration) {
  return static_cast<int>(std::min<int64_t>(absl::ToInt64Milliseconds(duration),
                                            std::numeric_limits<int>::max()));
}

}  // namespace millrace::rpc
