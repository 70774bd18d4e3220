#include "store/options.h"

#include "base/strings.h"
#include "store/database_url.h"

namespace millrace::store {

absl::Status DatabaseOptions::Validate() const {
  const auto bad = [](std::string_view name, std::string_view what) {
    return absl::InvalidArgumentError(StrCat("database ", name, ": ", what));
  };
  if (pool_size < 1 || pool_size > 1000) {
    return bad("pool_size", "must be from 1 to 1000");
  }
  if (acquire_timeout <= absl::ZeroDuration()) {
    return bad("acquire_timeout", "must be positive");
  }
  if (connect_timeout < absl::Seconds(1)) {
    return bad("connect_timeout", "must be at least 1s");
  }
  if (busy_timeout < absl::ZeroDuration()) {
    return bad("busy_timeout", "must not be negative");
  }
  if (max_attempts < 1) return bad("max_attempts", "must be at least 1");
  if (retry_for < absl::ZeroDuration()) {
    return bad("retry_for", "must not be negative");
  }
  if (statement_cache < 1) return bad("statement_cache", "must be at least 1");
  if (group_commit < 1) return bad("group_commit", "must be at least 1");
  const auto parsed = ParseDatabaseUrl(url, connect_timeout);
  if (parsed.ok() && on_loop && !parsed->in_memory()) {
    return bad("on_loop", "is only for sqlite::memory:");
  }
  return parsed.status();
}

}  // namespace millrace::store
