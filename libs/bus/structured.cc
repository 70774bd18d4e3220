#include "bus/structured.h"

#include <google/protobuf/struct.pb.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "base/rfc3339.h"
#include "base/strings.h"
#include "contract/json.h"

namespace millrace::bus {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr std::string_view kStructured = "application/cloudevents+json";

// Attributes of CloudEvents are scalars; as headers they are text.
absl::StatusOr<std::string> Scalar(const std::string& name,
                                   const Value& value) {
  switch (value.kind_case()) {
    case Value::kStringValue:
      return value.string_value();
    case Value::kBoolValue:
      return std::string(value.bool_value() ? "true" : "false");
    case Value::kNumberValue:
      return ToJson(value);
    default:
      return absl::InvalidArgumentError(
          StrCat("'", name, "' must be a string, a number or a boolean"));
  }
}

absl::Status ReadData(const Value& data, EventEnvelope* event) {
  if (data.kind_case() == Value::kStringValue &&
      event->content_type != "application/json") {
    event->payload = data.string_value();
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> json = ToJson(data);
  if (!json.ok()) return json.status();
  event->payload = *std::move(json);
  event->content_type = "application/json";
  return absl::OkStatus();
}

absl::Status ReadAttribute(const std::string& name, const std::string& value,
                           EventEnvelope* event, std::string* traceparent,
                           std::string* tracestate) {
  if (name == "id") {
    event->id = value;
  } else if (name == "type") {
    event->type = value;
  } else if (name == "source") {
    event->source = value;
  } else if (name == "subject") {
    if (event->key.empty()) event->key = value;
  } else if (name == "traceparent") {
    *traceparent = value;
  } else if (name == "tracestate") {
    *tracestate = value;
  } else if (name == "time" || name == "expirytime") {
    const absl::StatusOr<absl::Time> time = ParseRfc3339(value);
    if (!time.ok()) {
      return absl::InvalidArgumentError(
          StrCat("'", name, "' is ", MessageOf(time.status())));
    }
    (name == "time" ? event->time : event->expires) = *time;
  } else if (name != "datacontenttype" && name != "specversion") {
    event->extensions.emplace_back(name, value);
  }
  return absl::OkStatus();
}

}  // namespace

bool IsStructured(std::string_view content_type) {
  return content_type.substr(0, kStructured.size()) == kStructured;
}

absl::Status ParseStructured(std::string_view json, EventEnvelope* event) {
  Struct object;
  if (absl::Status status = FromJson(json, &object); !status.ok()) {
    return status;
  }
  const auto& fields = object.fields();
  const auto version = fields.find("specversion");
  if (version == fields.end() ||
      version->second.string_value().substr(0, 2) != "1.") {
    return absl::InvalidArgumentError("'specversion' must be \"1.0\"");
  }
  event->content_type = "application/json";
  if (const auto type = fields.find("datacontenttype"); type != fields.end()) {
    event->content_type = type->second.string_value();
  }
  std::string traceparent, tracestate;
  for (const auto& [name, value] : fields) {
    if (value.kind_case() == Value::kNullValue) continue;
    absl::Status status;
    if (name == "data") {
      status = ReadData(value, event);
    } else if (name == "data_base64") {
      if (!absl::Base64Unescape(value.string_value(), &event->payload)) {
        status = absl::InvalidArgumentError("'data_base64' is not base64");
      }
    } else if (absl::StatusOr<std::string> text = Scalar(name, value);
               text.ok()) {
      status = ReadAttribute(name, *text, event, &traceparent, &tracestate);
    } else {
      status = text.status();
    }
    if (!status.ok()) return status;
  }
  for (const auto& [name, value] :
       {std::pair("id", &event->id), std::pair("type", &event->type),
        std::pair("source", &event->source)}) {
    if (value->empty()) {
      return absl::InvalidArgumentError(StrCat("'", name, "' is missing"));
    }
  }
  if (auto trace = TraceContext::Parse(traceparent, tracestate)) {
    event->trace = *std::move(trace);
  }
  return absl::OkStatus();
}

}  // namespace millrace::bus
