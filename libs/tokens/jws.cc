#include "tokens/jws.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "tokens/base64url.h"
#include "tokens/json_object.h"

namespace millrace::tokens {
namespace {

absl::Status Refused(std::string_view why) {
  return absl::UnauthenticatedError(StrCat("token refused: ", why));
}

absl::Status ReadHeader(std::string_view text, Jws& jws) {
  const auto json = FromBase64Url(text);
  if (!json) return Refused("the header is not canonical base64url");
  const auto header = JsonObject::Read(*json);
  if (!header.ok()) {
    return Refused(StrCat("the header is wrong: ", MessageOf(header.status())));
  }
  if (header->Has("crit")) {
    return Refused("'crit' asks for an extension, and none is known here");
  }
  auto algorithm = header->RequiredText("alg");
  if (!algorithm.ok()) return Refused(MessageOf(algorithm.status()));
  auto id = header->Text("kid");
  if (!id.ok()) return Refused(MessageOf(id.status()));
  auto type = header->Text("typ");
  if (!type.ok()) return Refused(MessageOf(type.status()));
  jws.algorithm = *std::move(algorithm);
  jws.key_id = (*std::move(id)).value_or("");
  jws.type = (*std::move(type)).value_or("");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Jws> ReadJws(std::string_view text) {
  if (text.size() > kMaxTokenBytes) {
    return Refused(
        StrCat(text.size(), " bytes; at most ", kMaxTokenBytes, " are read"));
  }
  if (std::count(text.begin(), text.end(), '.') != 2) {
    return Refused("it has not three parts");
  }
  const size_t first = text.find('.');
  const size_t second = text.find('.', first + 1);
  Jws jws;
  if (absl::Status status = ReadHeader(text.substr(0, first), jws);
      !status.ok()) {
    return status;
  }
  auto payload = FromBase64Url(text.substr(first + 1, second - first - 1));
  if (!payload) return Refused("the payload is not canonical base64url");
  auto signature = FromBase64Url(text.substr(second + 1));
  if (!signature) return Refused("the signature is not canonical base64url");
  jws.payload = *std::move(payload);
  jws.signature = *std::move(signature);
  jws.signed_part = text.substr(0, second);
  return jws;
}

absl::StatusOr<const Key*> KeyOf(const Jws& jws, const KeySet& keys) {
  if (!jws.key_id.empty()) {
    if (const Key* key = keys.Find(jws.key_id)) return key;
    return absl::NotFoundError("token refused: its key is not known here");
  }
  if (keys.keys().size() == 1) return &keys.keys().front();
  if (keys.keys().empty()) {
    return absl::NotFoundError("token refused: no key is known here");
  }
  return Refused("it names no key ('kid'), and there are several");
}

absl::Status VerifyJws(const Jws& jws, const Key& key) {
  if (jws.algorithm == "none") return Refused("it is not signed (alg none)");
  if (jws.algorithm != NameOf(key.algorithm())) {
    // "HS256" with a public key as secret is the classic of these.
    return Refused(
        StrCat("alg is not that of the key, ", NameOf(key.algorithm())));
  }
  if (jws.signature.empty()) return Refused("the signature is missing");
  if (!key.Verify(jws.signed_part, jws.signature)) {
    return Refused("the signature is wrong");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> SignJws(const Key& key, std::string_view type,
                                    std::string_view payload) {
  const auto id = JsonQuoted(key.id());
  if (!id.ok()) return id.status();
  const std::string header =
      StrCat(R"({"alg":")", NameOf(key.algorithm()), R"(","typ":")", type,
             R"(","kid":)", *id, "}");
  std::string text = StrCat(ToBase64Url(header), ".", ToBase64Url(payload));
  const auto signature = key.Sign(text);
  if (!signature.ok()) return signature.status();
  StrAppend(&text, ".", ToBase64Url(*signature));
  if (text.size() > kMaxTokenBytes) {
    return absl::ResourceExhaustedError(
        StrCat("the token would have ", text.size(), " bytes; at most ",
               kMaxTokenBytes, " are read, and headers have to hold it"));
  }
  return text;
}

}  // namespace millrace::tokens
