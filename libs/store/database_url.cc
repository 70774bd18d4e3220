#include "store/database_url.h"

#include <libpq-fe.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/strings.h"

namespace millrace::store {
namespace {

constexpr std::string_view kForms =
    "expected sqlite::memory:, sqlite:///path/to/file.db or "
    "postgresql://user:password@host:port/database";

absl::Status Invalid(std::string_view what) {
  return absl::InvalidArgumentError(
      StrCat("database URL: ", what, "; ", kForms));
}

absl::StatusOr<DatabaseUrl> ParseSqlite(std::string_view path) {
  constexpr std::string_view kOnlyRead = "?mode=ro";
  const bool only_read = path.ends_with(kOnlyRead);
  if (only_read) path.remove_suffix(kOnlyRead.size());
  if (path.empty()) return Invalid("the path is missing");
  // SOCI takes a name with '=' for a list of options.
  if (path.find('=') != std::string_view::npos) {
    return Invalid("a SQLite path may not contain '='");
  }
  if (path.find('\0') != std::string_view::npos) {
    return Invalid("a path may not contain NUL");
  }
  DatabaseUrl url = {Dialect::kSqlite, std::string(path),
                     StrCat("sqlite://", path), only_read};
  if (!only_read) return url;
  if (path.find('"') != std::string_view::npos) {
    return Invalid("with mode=ro, a SQLite path may not contain '\"'");
  }
  url.target = StrCat("db=\"", path, "\" readonly=true");
  return url;
}

// libpq ends a password at the first '/', '?' or '@' and takes the rest for the
// host, the port or the database, which are shown.
bool HasPasswordInTheWrongPlace(std::string_view url) {
  const size_t start = url.find("//") + 2;
  const size_t end = std::min(url.find_first_of("/?@", start), url.size());
  const size_t rest = end < url.size() && url[end] == '@' ? end + 1 : end;
  return url.find('@', rest) != std::string_view::npos;
}

// Digits, and commas between those of several hosts.
bool IsPort(std::string_view text) {
  return text.find_first_not_of("0123456789,") == std::string_view::npos;
}

// The URL without what stands between "//" and the "@" of its authority.
std::string WithoutUser(std::string_view url) {
  const size_t start = url.find("//") + 2;
  const size_t end = std::min(url.find_first_of("/?", start), url.size());
  const size_t at = url.substr(0, end).rfind('@');
  if (at == std::string_view::npos || at < start) return std::string(url);
  return StrCat(url.substr(0, start), url.substr(at + 1));
}

// libpq's reading of a URL: the options it gives, or what is wrong with it.
absl::StatusOr<std::map<std::string, std::string>> Options(
    const std::string& url) {
  char* error = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed(
      PQconninfoParse(url.c_str(), &error), PQconninfoFree);
  if (parsed == nullptr) {
    std::string text = error == nullptr ? "it cannot be parsed" : error;
    PQfreemem(error);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return absl::InvalidArgumentError(text);
  }
  std::map<std::string, std::string> options;
  for (const PQconninfoOption* o = parsed.get(); o->keyword != nullptr; ++o) {
    if (o->val != nullptr && *o->val != '\0') options[o->keyword] = o->val;
  }
  return options;
}

absl::StatusOr<DatabaseUrl> ParsePostgres(std::string_view url,
                                          absl::Duration connect_timeout) {
  if (url.find_first_of(std::string_view(" \t\r\n\"\0", 6)) !=
      std::string_view::npos) {
    return Invalid("blanks, quotes and NUL must be percent-encoded");
  }
  if (HasPasswordInTheWrongPlace(url)) {
    return Invalid(
        "the user or password must be percent-encoded: '/' as %2F, '?' as "
        "%3F, '@' as %40, also behind the host");
  }
  auto options = Options(std::string(url));
  if (options.ok() && !IsPort((*options)["port"])) {
    return Invalid(
        "the port is no number; if that is a part of the password, "
        "percent-encode it");
  }
  if (!options.ok()) {
    // libpq quotes the part it stumbles over, which may be a secret.
    const auto harmless = Options(WithoutUser(url));
    if (harmless.ok()) {
      return Invalid("the user or password must be percent-encoded");
    }
    return Invalid(url.find("password=") == std::string_view::npos
                       ? MessageOf(harmless.status())
                       : "it cannot be parsed");
  }
  std::vector<std::string> defaults;
  const auto add = [&](const std::string& key, const std::string& value) {
    if (!options->contains(key)) {
      defaults.push_back(StrCat(key, "=", value));
    }
  };
  // libpq counts whole seconds, and takes 1 for 2.
  const auto seconds =
      std::max<int64_t>(2, absl::ToInt64Seconds(connect_timeout));
  add("connect_timeout", StrCat(seconds));
  add("application_name", "millrace");
  // A peer that vanished without a word is given up within half a minute.
  add("keepalives_idle", "10");
  add("keepalives_interval", "5");
  add("keepalives_count", "3");
  add("tcp_user_timeout", "20000");
  // After a failover, the old primary may answer as a standby.
  add("target_session_attrs", "read-write");
  std::string target(url);
  if (!defaults.empty()) {
    StrAppend(&target, url.find('?') == std::string_view::npos ? "?" : "&",
              absl::StrJoin(defaults, "&"));
  }
  std::string where = (*options)["host"];
  if (where.empty()) where = (*options)["hostaddr"];
  if (where.empty()) where = "localhost";
  if (const std::string& port = (*options)["port"]; !port.empty()) {
    StrAppend(&where, ":", port);
  }
  std::string name = (*options)["dbname"];
  return DatabaseUrl{Dialect::kPostgres, std::move(target),
                     StrCat("postgresql://", where, "/", name)};
}

}  // namespace

absl::StatusOr<DatabaseUrl> ParseDatabaseUrl(std::string_view url,
                                             absl::Duration connect_timeout) {
  if (url == "sqlite::memory:") {
    return DatabaseUrl{Dialect::kSqlite, ":memory:", "sqlite::memory:"};
  }
  constexpr std::string_view kSqlite = "sqlite://";
  if (url.substr(0, kSqlite.size()) == kSqlite) {
    return ParseSqlite(url.substr(kSqlite.size()));
  }
  for (const std::string_view scheme : {"postgresql://", "postgres://"}) {
    if (url.substr(0, scheme.size()) == scheme) {
      return ParsePostgres(url, connect_timeout);
    }
  }
  const size_t end = url.find(':');
  if (url.empty()) return Invalid("it is empty");
  if (end == std::string_view::npos) return Invalid("the scheme is missing");
  return Invalid(StrCat("unknown scheme \"", url.substr(0, end), "\""));
}

}  // namespace millrace::store
