#include "tokens/claims.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "tokens/json_object.h"

namespace millrace::tokens {
namespace {

constexpr absl::Duration kMostSkew = absl::Minutes(5);

// Members one after another; the first error stays.
class Writer {
 public:
  void Text(std::string_view name, std::string_view text) {
    if (!text.empty()) Member(name, Quoted(text));
  }

  void Texts(std::string_view name, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    std::string list = "[";
    for (const std::string& text : texts) {
      if (list.size() > 1) list += ',';
      list += Quoted(text);
    }
    Member(name, list + "]");
  }

  void Time(std::string_view name, absl::Time time) {
    if (time != absl::InfinitePast()) {
      Member(name, StrCat(absl::ToUnixSeconds(time)));
    }
  }

  absl::StatusOr<std::string> Finish() && {
    if (!status_.ok()) return status_;
    return StrCat("{", members_, "}");
  }

 private:
  std::string Quoted(std::string_view text) {
    auto quoted = JsonQuoted(text);
    if (quoted.ok()) return *std::move(quoted);
    if (status_.ok()) status_ = quoted.status();
    return "";
  }

  void Member(std::string_view name, std::string_view value) {
    StrAppend(&members_, members_.empty() ? "" : ",", "\"", name, "\":", value);
  }

  std::string members_;
  absl::Status status_;
};

// One string, or a list of them.
absl::StatusOr<std::vector<std::string>> Audience(const JsonObject& object) {
  if (auto one = object.Text("aud"); one.ok()) {
    if (!*one) return std::vector<std::string>();
    return std::vector<std::string>{**std::move(one)};
  }
  auto several = object.Texts("aud");
  if (!several.ok()) return several.status();
  return **std::move(several);
}

// Reads members into fields; the first error stays.
class Reader {
 public:
  explicit Reader(const JsonObject& object) : object_(object) {}

  void Text(std::string_view name, std::string& out) {
    Take(object_.Text(name), out);
  }
  void Texts(std::string_view name, std::vector<std::string>& out) {
    Take(object_.Texts(name), out);
  }
  void Time(std::string_view name, absl::Time& out) {
    Take(object_.Time(name), out);
  }
  const absl::Status& status() const { return status_; }

 private:
  template <typename T>
  void Take(absl::StatusOr<std::optional<T>> value, T& out) {
    if (!value.ok()) {
      if (status_.ok()) status_ = value.status();
    } else if (*value) {
      out = **std::move(value);
    }
  }

  const JsonObject& object_;
  absl::Status status_;
};

absl::Status Refused(std::string_view why) {
  return absl::UnauthenticatedError(StrCat("token refused: ", why));
}

}  // namespace

absl::StatusOr<std::string> ToJson(const Claims& claims) {
  Writer writer;
  writer.Text("iss", claims.issuer);
  writer.Text("sub", claims.subject);
  writer.Texts("aud", claims.audience);
  writer.Time("exp", claims.expiry);
  writer.Time("nbf", claims.not_before);
  writer.Time("iat", claims.issued_at);
  writer.Text("jti", claims.id);
  writer.Text("sid", claims.session);
  writer.Texts("permissions", claims.permissions);
  return std::move(writer).Finish();
}

absl::StatusOr<Claims> ReadClaims(std::string_view json) {
  const auto object = JsonObject::Read(json);
  if (!object.ok()) return object.status();
  Claims claims;
  auto audience = Audience(*object);
  if (!audience.ok()) return audience.status();
  claims.audience = *std::move(audience);
  Reader reader(*object);
  reader.Text("iss", claims.issuer);
  reader.Text("sub", claims.subject);
  reader.Time("exp", claims.expiry);
  reader.Time("nbf", claims.not_before);
  reader.Time("iat", claims.issued_at);
  reader.Text("jti", claims.id);
  reader.Text("sid", claims.session);
  reader.Texts("permissions", claims.permissions);
  if (!reader.status().ok()) return reader.status();
  if (claims.subject.empty()) {
    return absl::InvalidArgumentError("'sub' is missing");
  }
  if (!object->Has("exp")) {
    return absl::InvalidArgumentError("'exp' is missing");
  }
  return claims;
}

absl::Status Expectations::Validate() const {
  if (issuer.empty()) {
    return absl::InvalidArgumentError("the issuer of tokens must be named");
  }
  if (audience.empty()) {
    return absl::InvalidArgumentError("the audience of tokens must be named");
  }
  if (clock_skew < absl::ZeroDuration() || clock_skew > kMostSkew) {
    return absl::InvalidArgumentError(
        StrCat("the clock skew must be 0s to 5m, not ",
               absl::FormatDuration(clock_skew)));
  }
  return absl::OkStatus();
}

absl::Status CheckClaims(const Claims& claims, const Expectations& expected,
                         absl::Time now) {
  if (claims.issuer != expected.issuer) {
    return Refused("it is of another issuer");
  }
  if (std::find(claims.audience.begin(), claims.audience.end(),
                expected.audience) == claims.audience.end()) {
    return Refused("it is for another audience");
  }
  if (now >= claims.expiry + expected.clock_skew) {
    return Refused("it has expired");
  }
  if (now < claims.not_before - expected.clock_skew) {
    return Refused("it is not valid yet");
  }
  if (now < claims.issued_at - expected.clock_skew) {
    return Refused("it was issued in the future");
  }
  return absl::OkStatus();
}

}  // namespace millrace::tokens
