// How gRPC uses the fields of HTTP/2
// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). Private to
// rpc; pure functions, any thread.
#ifndef MILLRACE_RPC_HTTP2_FIELDS_INTERNAL_H_
#define MILLRACE_RPC_HTTP2_FIELDS_INTERNAL_H_

#include <nghttp2/nghttp2.h>

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "contract/reply_metadata.h"
#include "rpc/wire_internal.h"

namespace millrace::rpc {

// "application/grpc" or "application/grpc+proto", parameters behind it or not.
bool IsGrpcProto(std::string_view content_type);

// "100m", at most eight digits; nothing when it is none.
std::optional<absl::Duration> ParseTimeout(std::string_view text);

// Whether a field of a request is a caller's own metadata, and not the
// protocol's.
bool IsMetadata(std::string_view name);

// Adds what a field says to `metadata`; of a "-bin" field the bytes, several
// when it has commas. False when they are no base64.
bool AddMetadata(std::string_view name, std::string_view value,
                 Metadata* metadata);

// Fields for nghttp2, which borrows what it is given until it has taken them.
class Http2Fields {
 public:
  // Of a reply with messages, and of one that is a status alone.
  static Http2Fields ReplyHeaders();
  static Http2Fields PlainReply(std::string_view http_status,
                                std::string_view text);

  // Bytes are sent as base64 if the name ends in "-bin".
  void Add(const Metadata& metadata);
  void AddStatus(const WireStatus& status);
  // `name` and `value` are never copied: they are there for good.
  void AddStatic(std::string_view name, std::string_view value);
  void AddCopied(std::string_view name, std::string value);

  const nghttp2_nv* data() const { return fields_.data(); }
  size_t size() const { return fields_.size(); }

 private:
  std::vector<nghttp2_nv> fields_;
  std::list<std::string> owned_;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_HTTP2_FIELDS_INTERNAL_H_
