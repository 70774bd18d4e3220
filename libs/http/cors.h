// Cross-Origin Resource Sharing, as https://fetch.spec.whatwg.org/#cors has it:
// which pages of other origins a browser lets call this server.
//
// A page of an allowed origin may send every header and read every header of
// the answer. Credentials that the browser keeps (cookies, certificates) are
// not allowed: callers show tokens, which pages send themselves. A request of
// another origin is answered all the same, without the fields that let its page
// read the answer; what is not a simple request its browser does not send at
// all.
#ifndef MILLRACE_HTTP_CORS_H_
#define MILLRACE_HTTP_CORS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "http/message.h"

namespace millrace::http {

struct CorsOptions {
  // "https://app.example.org"; "https://*.example.org" for every host below
  // it; "*" for all. None: no page of another origin may call.
  std::vector<std::string> origins;
  // How long a browser may go by the answer to a preflight; browsers have
  // bounds of their own, of hours.
  absl::Duration max_age = absl::Hours(2);

  // INVALID_ARGUMENT, naming the origin, when one is none.
  absl::Status Validate() const;
};

// Immutable.
class Cors {
 public:
  // What a request says of it.
  struct Asked {
    std::string origin;  // empty: it is no request across origins
    bool preflight = false;
    std::string headers;  // that the request to come will have
  };

  // `options` are valid.
  explicit Cors(CorsOptions options);

  static Asked AskedBy(std::string_view method, const Headers& headers);

  // Adds to the answer what the browser is to know. That to a preflight is what
  // Router answers OPTIONS with: its Allow has the methods.
  void Complete(const Asked& asked, Response* response) const;

 private:
  bool Allows(std::string_view origin) const;

  const CorsOptions options_;
  const bool all_;
};

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_CORS_H_
