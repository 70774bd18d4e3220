#include "http/status_mapping.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <map>
#include <memory>

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "base/strings.h"
#include "contract/json.h"
#include "contract/json_string.h"
#include "contract/retry.h"

namespace millrace::http {
namespace {

struct Mapping {
  std::string_view name;
  int http;
};

Mapping Map(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return {"ok", 200};
    case absl::StatusCode::kCancelled:
      return {"canceled", 499};
    case absl::StatusCode::kInvalidArgument:
      return {"invalid_argument", 400};
    case absl::StatusCode::kDeadlineExceeded:
      return {"deadline_exceeded", 504};
    case absl::StatusCode::kNotFound:
      return {"not_found", 404};
    case absl::StatusCode::kAlreadyExists:
      return {"already_exists", 409};
    case absl::StatusCode::kPermissionDenied:
      return {"permission_denied", 403};
    case absl::StatusCode::kUnauthenticated:
      return {"unauthenticated", 401};
    case absl::StatusCode::kResourceExhausted:
      return {"resource_exhausted", 429};
    case absl::StatusCode::kFailedPrecondition:
      return {"failed_precondition", 400};
    case absl::StatusCode::kAborted:
      return {"aborted", 409};
    case absl::StatusCode::kOutOfRange:
      return {"out_of_range", 400};
    case absl::StatusCode::kUnimplemented:
      return {"unimplemented", 501};
    case absl::StatusCode::kInternal:
      return {"internal", 500};
    case absl::StatusCode::kUnavailable:
      return {"unavailable", 503};
    case absl::StatusCode::kDataLoss:
      return {"data_loss", 500};
    default:
      return {"unknown", 500};
  }
}

// The message of that type as JSON; empty when the type or the bytes are
// unknown.
std::string DebugJson(const std::string& type, const std::string& bytes) {
  const google::protobuf::Descriptor* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
          type);
  if (descriptor == nullptr) return {};
  const google::protobuf::Message* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(
          descriptor);
  if (prototype == nullptr) return {};
  const std::unique_ptr<google::protobuf::Message> message(prototype->New());
  if (!message->ParseFromString(bytes)) return {};
  return ToJson(*message).value_or("");
}

std::string DetailJson(std::string_view type, const std::string& bytes) {
  std::string base64 = absl::Base64Escape(bytes);
  while (!base64.empty() && base64.back() == '=') base64.pop_back();
  std::string json =
      StrCat("{\"type\":", JsonString(type), ",\"value\":\"", base64, "\"");
  const std::string debug = DebugJson(std::string(type), bytes);
  if (!debug.empty()) StrAppend(&json, ",\"debug\":", debug);
  return json + "}";
}

// By type: payloads come in no order that can be relied on.
std::string DetailsJson(const absl::Status& status) {
  std::map<std::string, std::string> by_type;
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& value) {
    const std::string_view key = FromAbsl(url);
    const size_t slash = key.rfind('/');
    if (slash == std::string_view::npos) return;  // not a detail
    by_type.emplace(key.substr(slash + 1), std::string(value));
  });
  std::string details;
  for (const auto& [type, bytes] : by_type) {
    if (!details.empty()) details += ",";
    details += DetailJson(type, bytes);
  }
  return details;
}

}  // namespace

std::string_view ConnectCode(absl::StatusCode code) { return Map(code).name; }

int HttpStatus(absl::StatusCode code) { return Map(code).http; }

absl::StatusCode CodeOfHttp(int http_status) {
  switch (http_status) {
    case 400:
    case 422:
      return absl::StatusCode::kInvalidArgument;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
    case 410:
      return absl::StatusCode::kNotFound;
    case 409:
      return absl::StatusCode::kAborted;
    case 412:
      return absl::StatusCode::kFailedPrecondition;
    case 413:
    case 429:
      return absl::StatusCode::kResourceExhausted;
    case 416:
      return absl::StatusCode::kOutOfRange;
    case 501:
      return absl::StatusCode::kUnimplemented;
    case 502:
    case 503:
      return absl::StatusCode::kUnavailable;
    case 504:
      return absl::StatusCode::kDeadlineExceeded;
    default:
      if (http_status < 400) return absl::StatusCode::kOk;
      return http_status < 500 ? absl::StatusCode::kInvalidArgument
                               : absl::StatusCode::kInternal;
  }
}

std::string_view CodeForHttp(int http_status) {
  switch (http_status) {
    // Connect's clients read the same out of these numbers.
    case 405:
    case 415:
      return "unknown";
    case 408:
      return "deadline_exceeded";
    case 413:
    case 414:
    case 431:
      return "resource_exhausted";
    case 501:
      return "unimplemented";
    case 503:
      return "unavailable";
    default:
      return "invalid_argument";
  }
}

std::string ErrorJson(const absl::Status& status) {
  std::string json = ErrorJson(ConnectCode(status.code()), MessageOf(status));
  const std::string details = DetailsJson(status);
  if (details.empty()) return json;
  json.pop_back();
  return StrCat(json, ",\"details\":[", details, "]}");
}

std::string ErrorJson(std::string_view code, std::string_view message) {
  return StrCat("{\"code\":", JsonString(code),
                ",\"message\":", JsonString(message), "}");
}

Response ErrorResponse(const absl::Status& status) {
  Response response =
      Response::Json(HttpStatus(status.code()), ErrorJson(status));
  if (const auto delay = RetryDelay(status)) {
    response.headers.Add("Retry-After", StrCat(WholeSeconds(*delay)));
  }
  return response;
}

Response ErrorResponse(int http_status, std::string_view code,
                       std::string_view message) {
  return Response::Json(http_status, ErrorJson(code, message));
}

}  // namespace millrace::http
