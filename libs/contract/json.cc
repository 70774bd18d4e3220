#include "contract/json.h"

#include <google/protobuf/type.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <algorithm>
#include <memory>

#include "base/strings.h"
#include "contract/any_nesting.h"
#include "contract/json_check.h"
#include "contract/utf8.h"
#include "millrace/v1/contract.pb.h"

namespace millrace {
namespace {

namespace pb = google::protobuf;

constexpr char kUrlPrefix[] = "type.googleapis.com";

// libprotobuf's errors repeat the values that they are about.
constexpr size_t kMostOfError = 400;

bool IsSensitive(const pb::FieldDescriptor& field) {
  return field.options().GetExtension(v1::sensitive);
}

std::string TypeUrl(const pb::Message& message) {
  return StrCat(kUrlPrefix, "/", message.GetDescriptor()->full_name());
}

std::string_view Text(const pb::util::Status& status) {
  return {status.message().data(), status.message().size()};
}

// Describes types to libprotobuf's JSON writer without their sensitive fields,
// which it then takes for unknown and passes over, wherever they are nested. A
// type that is not in the pool has no fields at all.
class RedactingResolver final : public pb::util::TypeResolver {
 public:
  explicit RedactingResolver(const pb::DescriptorPool* pool)
      : pool_(pool),
        all_(pb::util::NewTypeResolverForDescriptorPool(kUrlPrefix, pool)) {}

  pb::util::Status ResolveMessageType(const std::string& url,
                                      pb::Type* type) override {
    const std::string name = url.substr(url.rfind('/') + 1);
    const pb::Descriptor* message = pool_->FindMessageTypeByName(name);
    if (message == nullptr) {
      type->set_name(name);
      return {};
    }
    const auto status = all_->ResolveMessageType(url, type);
    if (!status.ok()) return status;
    auto* fields = type->mutable_fields();
    fields->erase(
        std::remove_if(fields->begin(), fields->end(),
                       [&](const pb::Field& field) {
                         return IsSensitive(
                             *message->FindFieldByNumber(field.number()));
                       }),
        fields->end());
    return status;
  }

  pb::util::Status ResolveEnumType(const std::string& url,
                                   pb::Enum* type) override {
    return all_->ResolveEnumType(url, type);
  }

 private:
  const pb::DescriptorPool* const pool_;
  const std::unique_ptr<pb::util::TypeResolver> all_;
};

}  // namespace

absl::StatusOr<std::string> ToJson(const pb::Message& message) {
  if (!AnysAreFlat(message)) {
    return absl::InvalidArgumentError(
        StrCat(message.GetDescriptor()->full_name(),
               " cannot be written as JSON: Anys are nested deeper than ",
               kMostNestedAnys, ", or one does not hold what it says"));
  }
  RedactingResolver resolver(message.GetDescriptor()->file()->pool());
  std::string json;
  const auto status = pb::util::BinaryToJsonString(
      &resolver, TypeUrl(message), message.SerializeAsString(), &json);
  if (status.ok()) return json;
  return absl::InvalidArgumentError(
      StrCat(message.GetDescriptor()->full_name(),
             " cannot be written as JSON: ", Text(status)));
}

absl::Status FromJson(std::string_view text, pb::Message* message) {
  const auto* type = message->GetDescriptor();
  absl::Status checked = CheckJson(text, {}, type);
  if (!checked.ok()) return checked;
  const auto status = pb::util::JsonStringToMessage(
      pb::StringPiece(text.data(), text.size()), message);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat(type->full_name(), ": ", Excerpt(Text(status), kMostOfError)));
}

}  // namespace millrace
