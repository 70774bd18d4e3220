#include "rpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/strings.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "loop/stream.h"

namespace millrace::rpc {
namespace {

namespace v1 = grpc::reflection::v1;
namespace v1alpha = grpc::reflection::v1alpha;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using Names = std::shared_ptr<const std::vector<std::string>>;

const DescriptorPool& Pool() { return *DescriptorPool::generated_pool(); }

// The file and what it imports, each once, so that one answer is enough.
template <typename Response>
void AddFiles(const FileDescriptor* file, std::set<const FileDescriptor*>* seen,
              Response* response) {
  if (!seen->insert(file).second) return;
  FileDescriptorProto proto;
  file->CopyTo(&proto);
  response->add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file->dependency_count(); ++i) {
    AddFiles(file->dependency(i), seen, response);
  }
}

template <typename Response>
void Fail(absl::StatusCode code, const std::string& message,
          Response* response) {
  response->mutable_error_response()->set_error_code(static_cast<int>(code));
  response->mutable_error_response()->set_error_message(message);
}

template <typename Response>
void AnswerFile(const FileDescriptor* file, const std::string& wanted,
                Response* response) {
  if (file == nullptr) {
    Fail(absl::StatusCode::kNotFound, StrCat(wanted, " is not known here"),
         response);
    return;
  }
  std::set<const FileDescriptor*> seen;
  AddFiles(file, &seen, response->mutable_file_descriptor_response());
}

template <typename Request, typename Response>
void AnswerExtension(const Request& wanted, Response* response) {
  const FieldDescriptor* extension = nullptr;
  if (const Descriptor* type =
          Pool().FindMessageTypeByName(wanted.containing_type())) {
    extension = Pool().FindExtensionByNumber(type, wanted.extension_number());
  }
  AnswerFile(extension == nullptr ? nullptr : extension->file(),
             StrCat("extension ", wanted.extension_number(), " of ",
                    wanted.containing_type()),
             response);
}

template <typename Response>
void AnswerExtensionNumbers(const std::string& type_name, Response* response) {
  const Descriptor* type = Pool().FindMessageTypeByName(type_name);
  if (type == nullptr) {
    Fail(absl::StatusCode::kNotFound, StrCat(type_name, " is not known here"),
         response);
    return;
  }
  std::vector<const FieldDescriptor*> extensions;
  Pool().FindAllExtensions(type, &extensions);
  auto* numbers = response->mutable_all_extension_numbers_response();
  numbers->set_base_type_name(type_name);
  for (const FieldDescriptor* extension : extensions) {
    numbers->add_extension_number(extension->number());
  }
}

template <typename Request, typename Response>
MessagePtr Answer(const std::vector<std::string>& services,
                  const Request& request) {
  auto response = std::make_unique<Response>();
  response->set_valid_host(request.host());
  *response->mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      AnswerFile(Pool().FindFileByName(request.file_by_filename()),
                 request.file_by_filename(), response.get());
      break;
    case Request::kFileContainingSymbol:
      AnswerFile(
          Pool().FindFileContainingSymbol(request.file_containing_symbol()),
          request.file_containing_symbol(), response.get());
      break;
    case Request::kFileContainingExtension:
      AnswerExtension(request.file_containing_extension(), response.get());
      break;
    case Request::kAllExtensionNumbersOfType:
      AnswerExtensionNumbers(request.all_extension_numbers_of_type(),
                             response.get());
      break;
    case Request::kListServices:
      for (const std::string& service : services) {
        response->mutable_list_services_response()->add_service()->set_name(
            service);
      }
      break;
    case Request::MESSAGE_REQUEST_NOT_SET:
      Fail(absl::StatusCode::kInvalidArgument,
           "the reflection request asks for nothing", response.get());
      break;
  }
  return response;
}

template <typename Request, typename Response>
Stream<MessagePtr> Reflect(void* service, const Call&,
                           Stream<MessagePtr> requests) {
  return std::move(requests).Map(
      [services = *static_cast<Names*>(service)](MessagePtr request) {
        return Answer<Request, Response>(*services,
                                         static_cast<const Request&>(*request));
      });
}

template <typename M>
const Message& Default() {
  return M::default_instance();
}

template <typename M>
const FileDescriptor* FileOf() {
  return M::descriptor()->file();
}

absl::Status NoRules(const Message&) { return absl::OkStatus(); }

template <typename Request, typename Response>
constexpr MethodInfo Method(std::string_view path) {
  return {.name = "ServerReflectionInfo",
          .path = path,
          .kind = MethodKind::kBidi,
          .request = Default<Request>,
          .response = Default<Response>,
          .validate = NoRules,
          .stream = Reflect<Request, Response>};
}

constexpr MethodInfo kV1[] = {
    Method<v1::ServerReflectionRequest, v1::ServerReflectionResponse>(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")};
constexpr MethodInfo kV1Alpha[] = {
    Method<v1alpha::ServerReflectionRequest, v1alpha::ServerReflectionResponse>(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")};

constexpr ServiceInfo kInfos[] = {
    {"grpc.reflection.v1.ServerReflection", kV1,
     FileOf<v1::ServerReflectionRequest>},
    {"grpc.reflection.v1alpha.ServerReflection", kV1Alpha,
     FileOf<v1alpha::ServerReflectionRequest>},
};

}  // namespace

ReflectionService::ReflectionService(std::vector<std::string> services) {
  for (const ServiceInfo& info : kInfos) {
    services.emplace_back(info.full_name);
  }
  std::sort(services.begin(), services.end());
  services_ =
      std::make_shared<const std::vector<std::string>>(std::move(services));
}

std::vector<ServiceBinding> ReflectionService::bindings() {
  return {{&kInfos[0], &services_}, {&kInfos[1], &services_}};
}

}  // namespace millrace::rpc
