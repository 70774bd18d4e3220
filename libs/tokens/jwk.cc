#include "tokens/jwk.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "base/strings.h"
#include "tokens/base64url.h"
#include "tokens/json_object.h"

namespace millrace::tokens {
namespace {

absl::Status Wrong(std::string_view what) {
  return absl::InvalidArgumentError(StrCat("JWK: ", what));
}

absl::StatusOr<std::string> Bytes(const JsonObject& jwk,
                                  std::string_view name) {
  const auto text = jwk.RequiredText(name);
  if (!text.ok()) return text.status();
  auto bytes = FromBase64Url(*text);
  if (!bytes) return Wrong(StrCat("'", name, "' is not base64url"));
  return *std::move(bytes);
}

// Whether the member is absent or is `wanted`.
absl::Status Expect(const JsonObject& jwk, std::string_view name,
                    std::string_view wanted) {
  const auto text = jwk.Text(name);
  if (!text.ok()) return text.status();
  if (!*text || **text == wanted) return absl::OkStatus();
  return Wrong(StrCat("'", name, "' must be ", wanted, " for such a key"));
}

absl::Status CheckPurpose(const JsonObject& jwk) {
  for (const std::string_view secret :
       {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
    if (!jwk.Has(secret)) continue;
    return Wrong(StrCat("'", secret,
                        "' is secret and must not be published: replace this "
                        "key"));
  }
  if (absl::Status status = Expect(jwk, "use", "sig"); !status.ok()) {
    return status;
  }
  const auto operations = jwk.Texts("key_ops");
  if (!operations.ok()) return operations.status();
  if (!*operations) return absl::OkStatus();
  const auto& names = **operations;
  if (std::find(names.begin(), names.end(), "verify") != names.end()) {
    return absl::OkStatus();
  }
  return Wrong("'key_ops' does not have verify");
}

absl::StatusOr<Key> FromNumbers(const JsonObject& jwk) {
  const auto type = jwk.RequiredText("kty");
  if (!type.ok()) return type.status();
  if (*type == "RSA") {
    const auto n = Bytes(jwk, "n");
    if (!n.ok()) return n.status();
    const auto e = Bytes(jwk, "e");
    if (!e.ok()) return e.status();
    return Key::FromRsa(*n, *e);
  }
  if (*type != "EC" && *type != "OKP") {
    return Wrong("'kty' must be OKP, EC or RSA");
  }
  const auto curve = jwk.RequiredText("crv");
  if (!curve.ok()) return curve.status();
  const auto x = Bytes(jwk, "x");
  if (!x.ok()) return x.status();
  if (*type == "OKP") {
    if (*curve != "Ed25519") return Wrong("'crv' of OKP must be Ed25519");
    return Key::FromEd25519(*x);
  }
  if (*curve != "P-256") return Wrong("'crv' of EC must be P-256");
  const auto y = Bytes(jwk, "y");
  if (!y.ok()) return y.status();
  return Key::FromP256(*x, *y);
}

absl::StatusOr<Key> FromObject(const JsonObject& jwk) {
  if (absl::Status status = CheckPurpose(jwk); !status.ok()) return status;
  auto key = FromNumbers(jwk);
  if (!key.ok()) return key.status();
  if (absl::Status status = Expect(jwk, "alg", NameOf(key->algorithm()));
      !status.ok()) {
    return status;
  }
  auto id = jwk.Text("kid");
  if (!id.ok()) return id.status();
  if (!*id) return key;
  return key->WithId(**std::move(id));
}

// What a key that was left out is called.
std::string NameOfKey(const JsonObject& jwk, size_t index) {
  const auto id = jwk.Text("kid");
  if (id.ok() && *id) return StrCat("key '", **id, "'");
  return StrCat("key ", index);
}

}  // namespace

absl::StatusOr<std::string> ToJwk(const Key& key) {
  const auto id = JsonQuoted(key.id());
  if (!id.ok()) return id.status();
  std::string jwk = key.public_members();
  jwk.pop_back();
  return StrCat(jwk, R"(,"use":"sig","alg":")", NameOf(key.algorithm()),
                R"(","kid":)", *id, "}");
}

absl::StatusOr<std::string> ToJwks(absl::Span<const Key> keys) {
  std::string set = R"({"keys":[)";
  for (const Key& key : keys) {
    const auto jwk = ToJwk(key);
    if (!jwk.ok()) return jwk.status();
    if (set.back() != '[') set += ',';
    set += *jwk;
  }
  return set + "]}";
}

absl::StatusOr<Key> FromJwk(std::string_view text) {
  if (text.size() > kMaxJwksBytes) return Wrong("the text is too large");
  const auto jwk = JsonObject::Read(text);
  if (!jwk.ok()) return Wrong(MessageOf(jwk.status()));
  return FromObject(*jwk);
}

absl::StatusOr<Jwks> FromJwks(std::string_view text) {
  if (text.size() > kMaxJwksBytes) {
    return absl::InvalidArgumentError(
        StrCat("JWK set: ", text.size(), " bytes; at most ", kMaxJwksBytes));
  }
  const auto set = JsonObject::Read(text);
  if (!set.ok()) {
    return absl::InvalidArgumentError(
        StrCat("JWK set: ", MessageOf(set.status())));
  }
  const auto members = set->Objects("keys");
  if (!members.ok()) return members.status();
  if (!*members) {
    return absl::InvalidArgumentError("JWK set: 'keys' is missing");
  }
  if ((*members)->size() > kMaxJwksKeys) {
    return absl::InvalidArgumentError(
        StrCat("JWK set: more than ", kMaxJwksKeys, " keys"));
  }
  Jwks jwks;
  absl::flat_hash_set<std::string> ids;
  for (size_t i = 0; i < (*members)->size(); ++i) {
    const JsonObject& jwk = (**members)[i];
    auto key = FromObject(jwk);
    if (!key.ok()) {
      jwks.skipped.push_back(
          StrCat(NameOfKey(jwk, i), ": ", MessageOf(key.status())));
      continue;
    }
    if (!ids.insert(key->id()).second) {
      return absl::InvalidArgumentError(
          StrCat("JWK set: two keys have the id '", key->id(), "'"));
    }
    jwks.keys.push_back(*std::move(key));
  }
  return jwks;
}

}  // namespace millrace::tokens
