#include "contract/errors.h"

#include <algorithm>
#include <utility>

#include "absl/strings/cord.h"
#include "base/strings.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace millrace {

absl::Status InvalidArgument(const std::vector<FieldViolation>& violations) {
  if (violations.empty()) return absl::OkStatus();
  google::rpc::BadRequest detail;
  std::string message;
  for (const FieldViolation& violation : violations) {
    if (!message.empty()) message += "; ";
    if (!violation.field.empty()) StrAppend(&message, violation.field, ": ");
    message += violation.description;
    auto* added = detail.add_field_violations();
    added->set_field(violation.field);
    added->set_description(violation.description);
  }
  return WithDetail(absl::InvalidArgumentError(message), detail);
}

std::vector<FieldViolation> Violations(const absl::Status& status) {
  std::vector<FieldViolation> violations;
  google::rpc::BadRequest detail;
  if (!GetDetail(status, &detail)) return violations;
  for (const auto& violation : detail.field_violations()) {
    violations.push_back({violation.field(), violation.description()});
  }
  return violations;
}

std::string DetailUrl(const google::protobuf::Message& detail) {
  return StrCat("type.googleapis.com/", detail.GetDescriptor()->full_name());
}

absl::Status WithDetail(absl::Status status,
                        const google::protobuf::Message& detail) {
  status.SetPayload(DetailUrl(detail), absl::Cord(detail.SerializeAsString()));
  return status;
}

bool GetDetail(const absl::Status& status, google::protobuf::Message* detail) {
  const auto payload = status.GetPayload(DetailUrl(*detail));
  return payload && detail->ParseFromString(std::string(*payload));
}

std::string StatusToBytes(const absl::Status& status) {
  google::rpc::Status wire;
  wire.set_code(static_cast<int>(status.code()));
  wire.set_message(std::string(status.message()));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& value) {
    auto* detail = wire.add_details();
    detail->set_type_url(std::string(url));
    detail->set_value(std::string(value));
  });
  // Payloads come in no order that can be relied on.
  std::sort(wire.mutable_details()->pointer_begin(),
            wire.mutable_details()->pointer_end(),
            [](const auto* a, const auto* b) {
              return a->type_url() < b->type_url();
            });
  return wire.SerializeAsString();
}

absl::Status StatusFromBytes(std::string_view bytes) {
  google::rpc::Status wire;
  if (!wire.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InternalError(StrCat(
        "the status of the answer does not decode as google.rpc.Status (",
        bytes.size(), " bytes)"));
  }
  if (wire.code() < 0 || wire.code() > 16) {
    return absl::UnknownError(
        StrCat("unknown status code ", wire.code(), ": ", wire.message()));
  }
  absl::Status status(static_cast<absl::StatusCode>(wire.code()),
                      wire.message());
  for (const auto& detail : wire.details()) {
    status.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return status;
}

std::string_view CodeName(absl::StatusCode code) {
  static constexpr std::string_view kNames[] = {
      "OK",
      "CANCELLED",
      "UNKNOWN",
      "INVALID_ARGUMENT",
      "DEADLINE_EXCEEDED",
      "NOT_FOUND",
      "ALREADY_EXISTS",
      "PERMISSION_DENIED",
      "RESOURCE_EXHAUSTED",
      "FAILED_PRECONDITION",
      "ABORTED",
      "OUT_OF_RANGE",
      "UNIMPLEMENTED",
      "INTERNAL",
      "UNAVAILABLE",
      "DATA_LOSS",
      "UNAUTHENTICATED",
  };
  const auto index = static_cast<size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "UNKNOWN";
}

}  // namespace millrace
