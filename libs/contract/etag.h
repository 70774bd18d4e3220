// Etags: what a caller read must be what is there when it is changed. Pure.
#ifndef MILLRACE_CONTRACT_ETAG_H_
#define MILLRACE_CONTRACT_ETAG_H_

#include <string_view>

#include "absl/status/status.h"
#include "base/strings.h"

namespace millrace {

// ABORTED when the caller gave an etag, and it is not that of now. `what`
// begins the sentence: "user 7 has".
inline absl::Status MatchEtag(std::string_view what, std::string_view now,
                              std::string_view given) {
  if (given.empty() || given == now) return absl::OkStatus();
  return absl::AbortedError(StrCat(what, " changed since it was read (etag ",
                                   given, ", now ", now,
                                   "); read it again and repeat"));
}

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_ETAG_H_
