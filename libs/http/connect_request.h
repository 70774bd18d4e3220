// What the Connect protocol says in a request besides the message. Pure
// functions; for connect*.cc.
#ifndef MILLRACE_HTTP_CONNECT_REQUEST_H_
#define MILLRACE_HTTP_CONNECT_REQUEST_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "contract/dispatcher.h"
#include "http/message.h"

namespace millrace::http {

enum class Codec { kJson, kProto };
enum class Coding { kIdentity, kGzip };

// "application/" + "json" or "proto", parameters aside; nothing for others.
// `prefix` is "application/" or "application/connect+".
std::optional<Codec> CodecOf(std::string_view content_type,
                             std::string_view prefix);

// "application/json" and so on.
std::string ContentType(Codec codec, std::string_view prefix);

// The coding of that name, none being kIdentity. UNIMPLEMENTED with what there
// is when it is another.
absl::StatusOr<Coding> CodingOf(std::string_view name);

// A message without its coding. RESOURCE_EXHAUSTED when it has more than
// `limit` bytes then.
absl::StatusOr<std::string> Expand(Coding coding, std::string bytes,
                                   size_t limit);

// INVALID_ARGUMENT says where the bytes are wrong.
absl::StatusOr<MessagePtr> Decode(const MethodInfo& method, Codec codec,
                                  std::string_view bytes);
absl::StatusOr<std::string> Encode(Codec codec, const Message& message);

// The message of a GET, from its query.
absl::StatusOr<MessagePtr> DecodeQuery(const MethodInfo& method,
                                       std::string_view query, size_t limit,
                                       Codec* codec);

// Everything of `request` that the call carries, checked: the version, the
// deadline, the metadata, the abort signal. With room for a reply's metadata.
absl::StatusOr<IncomingCall> ToIncoming(const Target& target,
                                        const Request& request);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_CONNECT_REQUEST_H_
