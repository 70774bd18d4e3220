// Between what the platform speaks (messages, absl::Status, absl::Time) and
// what grpc++ does. Private to rpc. Thread-safe.
#ifndef MILLRACE_RPC_WIRE_INTERNAL_H_
#define MILLRACE_RPC_WIRE_INTERNAL_H_

#include <grpc/support/time.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "contract/service.h"

namespace millrace::rpc {

// The largest response metadata either side takes. A server keeps its errors
// below kMaxErrorBytes all the same: gRPC clients elsewhere take 8 KiB.
inline constexpr int kMaxMetadataBytes = 64 << 10;
inline constexpr size_t kMaxErrorBytes = 6 << 10;

// RESOURCE_EXHAUSTED when the message is beyond protobuf's 2 GiB.
absl::Status ToBuffer(const Message& message, grpc::ByteBuffer* buffer);

// RESOURCE_EXHAUSTED when the message is beyond protobuf's 2 GiB.
absl::Status CheckSize(const Message& message, size_t size);
// `size` bytes were no such message.
absl::Status NotDecoded(const Message& message, size_t size);

// INVALID_ARGUMENT naming the message's type when the bytes do not decode.
absl::Status FromBuffer(grpc::ByteBuffer* buffer, Message* message);

// What a status is on the wire. Details are the bytes of a google.rpc.Status.
// An error that would not fit a client's metadata loses its details first, then
// the end of its text.
struct WireStatus {
  int code = 0;
  std::string text;
  std::string details;
};
WireStatus ToWire(const absl::Status& status);

grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

absl::Time ToTime(gpr_timespec time);
gpr_timespec FromTime(absl::Time time);

// As gRPC's arguments have it, whose greatest number stands for never.
int ToMilliseconds(absl::Duration duration);

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_WIRE_INTERNAL_H_
