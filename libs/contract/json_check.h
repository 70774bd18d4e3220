// Whether a text is JSON, by the same rules as FromJson (contract/json.h) reads
// one. Thread-safe; recursion is bounded by `max_depth`.
#ifndef MILLRACE_CONTRACT_JSON_CHECK_H_
#define MILLRACE_CONTRACT_JSON_CHECK_H_

#include <string_view>

#include "absl/status/status.h"
#include "contract/json_scanner.h"

namespace millrace {

// INVALID_ARGUMENT with the first error, as in "line 3, column 14: the key 'a'
// is there twice". Columns count characters.
absl::Status CheckJson(std::string_view text, const JsonRules& rules = {});

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_JSON_CHECK_H_
