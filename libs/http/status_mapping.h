// The one place where errors become HTTP: absl::Status <-> HTTP status and a
// JSON body in the form of the Connect protocol,
//
//   {"code":"not_found","message":"...","details":[{"type":"google.rpc.
//    BadRequest","value":"<base64>","debug":{...}}]}
//
// Pure functions; any thread.
#ifndef MILLRACE_HTTP_STATUS_MAPPING_H_
#define MILLRACE_HTTP_STATUS_MAPPING_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "http/message.h"

namespace millrace::http {

// Connect's name of a code: "invalid_argument", "canceled" (one l).
std::string_view ConnectCode(absl::StatusCode code);

// NOT_FOUND is 404, and so on.
int HttpStatus(absl::StatusCode code);

// The name of the code nearest to an HTTP status of the server's own.
std::string_view CodeForHttp(int http_status);
// The other way: what an answer with this status is counted as.
absl::StatusCode CodeOfHttp(int http_status);

// The body above. Details are the status's payloads whose key is a type URL;
// in the order of their types; `debug` is there when the type is linked into
// the program.
std::string ErrorJson(const absl::Status& status);

// The same with a code of HTTP's own, for what no RPC code says: 405, 415.
std::string ErrorJson(std::string_view code, std::string_view message);

Response ErrorResponse(const absl::Status& status);  // and its Retry-After
Response ErrorResponse(int http_status, std::string_view code,
                       std::string_view message);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_STATUS_MAPPING_H_
