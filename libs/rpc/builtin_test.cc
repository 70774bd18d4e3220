#include "rpc/builtin.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <vector>

#include "base/strings.h"
#include "grpc/health/v1/health.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
namespace v1 = grpc::reflection::v1;
namespace v1alpha = grpc::reflection::v1alpha;

// Calls the built-in services as any client would: by path and messages.
class BuiltinTest : public RpcTest {
 protected:
  BuiltinTest() {
    StartServer();
    Connect();
  }

  template <typename Response>
  MethodInfo Method(std::string_view path, MethodKind kind) {
    return {.path = path, .kind = kind, .response = +[]() -> const Message& {
              return Response::default_instance();
            }};
  }

  absl::StatusOr<HealthCheckResponse::ServingStatus> Check(
      std::string service) {
    HealthCheckRequest request;
    request.set_service(std::move(service));
    auto answer = Await(channel_->Unary(check_, {}, request));
    if (!answer.ok()) return answer.status();
    return static_cast<HealthCheckResponse&>(**answer).status();
  }

  template <typename Request>
  Stream<MessagePtr> Stream1(const MethodInfo& method, Request request) {
    Pipe<MessagePtr> pipe = MakePipe<MessagePtr>();
    (void)AsStatusOr(
        pipe.writer.Write(std::make_unique<Request>(std::move(request))));
    pipe.writer.Close();
    return channel_->Streaming(method, {}, std::move(pipe.stream));
  }

  HealthCheckResponse::ServingStatus NextStatus(Stream<MessagePtr>& stream) {
    auto answer = Await(stream.Next());
    EXPECT_TRUE(answer.ok()) << answer.status();
    if (!answer.ok() || !answer->has_value()) {
      return HealthCheckResponse::UNKNOWN;
    }
    return static_cast<HealthCheckResponse&>(***answer).status();
  }

  template <typename Request, typename Response>
  Response Reflect(const MethodInfo& method, Request request) {
    Stream<MessagePtr> answers = Stream1(method, std::move(request));
    auto answer = Await(answers.Next());
    EXPECT_TRUE(answer.ok()) << answer.status();
    if (!answer.ok() || !answer->has_value()) return {};
    return std::move(static_cast<Response&>(***answer));
  }

  v1::ServerReflectionResponse Reflect(v1::ServerReflectionRequest request) {
    return Reflect<v1::ServerReflectionRequest, v1::ServerReflectionResponse>(
        reflect_, std::move(request));
  }

  const MethodInfo check_ = Method<HealthCheckResponse>(
      "/grpc.health.v1.Health/Check", MethodKind::kUnary);
  const MethodInfo watch_ = Method<HealthCheckResponse>(
      "/grpc.health.v1.Health/Watch", MethodKind::kServerStream);
  const MethodInfo reflect_ = Method<v1::ServerReflectionResponse>(
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      MethodKind::kBidi);
  const MethodInfo reflect_alpha_ = Method<v1alpha::ServerReflectionResponse>(
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
      MethodKind::kBidi);
};

template <typename Response>
std::vector<std::string> FileNames(const Response& response) {
  std::vector<std::string> names;
  for (const std::string& bytes :
       response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(file.ParseFromString(bytes));
    names.push_back(file.name());
  }
  return names;
}

TEST_F(BuiltinTest, ChecksHealthPerService) {
  EXPECT_EQ(*Check(""), HealthCheckResponse::SERVING);
  EXPECT_EQ(*Check("millrace.test.Echo"), HealthCheckResponse::SERVING);
  EXPECT_EQ(
      Check("millrace.test.Ehco").status(),
      absl::NotFoundError("service millrace.test.Ehco is not served here"));

  server_->SetServing("millrace.test.Echo", false);
  EXPECT_EQ(*Check(""), HealthCheckResponse::SERVING);
  EXPECT_EQ(*Check("millrace.test.Echo"), HealthCheckResponse::NOT_SERVING);

  server_->SetServing(false);
  EXPECT_EQ(*Check(""), HealthCheckResponse::NOT_SERVING);
  server_->SetServing(true);
  EXPECT_EQ(*Check("millrace.test.Echo"), HealthCheckResponse::SERVING);
}

TEST_F(BuiltinTest, IsAliveWhateverIsServing) {
  EXPECT_EQ(*Check("alive"), HealthCheckResponse::SERVING);
  server_->SetServing(false);
  EXPECT_EQ(*Check(""), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(*Check("alive"), HealthCheckResponse::SERVING);
}

TEST_F(BuiltinTest, WatchTellsEachChange) {
  HealthCheckRequest request;
  request.set_service("millrace.test.Echo");
  Stream<MessagePtr> watch = Stream1(watch_, request);
  EXPECT_EQ(NextStatus(watch), HealthCheckResponse::SERVING);
  server_->SetServing(true);  // no change, no news
  server_->SetServing("millrace.test.Echo", false);
  EXPECT_EQ(NextStatus(watch), HealthCheckResponse::NOT_SERVING);
  server_->SetServing("millrace.test.Echo", true);
  EXPECT_EQ(NextStatus(watch), HealthCheckResponse::SERVING);
}

TEST_F(BuiltinTest, WatchWaitsForAServiceThatIsNotKnownYet) {
  HealthCheckRequest request;
  request.set_service("later");
  Stream<MessagePtr> watch = Stream1(watch_, request);
  EXPECT_EQ(NextStatus(watch), HealthCheckResponse::SERVICE_UNKNOWN);
  server_->SetServing("later", true);
  EXPECT_EQ(NextStatus(watch), HealthCheckResponse::SERVING);
}

TEST_F(BuiltinTest, DrainTellsWatchersAndEndsReflection) {
  Stream<MessagePtr> watch = Stream1(watch_, HealthCheckRequest());
  EXPECT_EQ(NextStatus(watch), HealthCheckResponse::SERVING);
  Pipe<MessagePtr> open = MakePipe<MessagePtr>();
  Stream<MessagePtr> reflection =
      channel_->Streaming(reflect_, {}, std::move(open.stream));
  v1::ServerReflectionRequest list;
  list.set_list_services("*");
  (void)AsStatusOr(
      open.writer.Write(std::make_unique<v1::ServerReflectionRequest>(list)));
  ASSERT_TRUE(Await(reflection.Next()).ok());

  Promise<void> drained = server_->Drain(absl::Hours(1));
  EXPECT_EQ(NextStatus(watch), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(Await(watch.Next()).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(Await(reflection.Next()).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(Await(drained), absl::OkStatus());
}

TEST_F(BuiltinTest, ReflectionListsServices) {
  v1::ServerReflectionRequest request;
  request.set_list_services("*");
  std::vector<std::string> names;
  const v1::ServerReflectionResponse response = Reflect(request);
  for (const auto& service : response.list_services_response().service()) {
    names.push_back(service.name());
  }
  const std::vector<std::string> expected = {
      "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection", "millrace.test.Echo"};
  EXPECT_EQ(names, expected);
}

TEST_F(BuiltinTest, ReflectionFindsFilesWithWhatTheyImport) {
  v1::ServerReflectionRequest request;
  request.set_file_containing_symbol("millrace.test.Echo.Say");
  EXPECT_EQ(FileNames(Reflect(request)),
            std::vector<std::string>{"millrace/test/echo.proto"});

  request.set_file_by_filename("google/rpc/status.proto");
  const std::vector<std::string> expected = {"google/rpc/status.proto",
                                             "google/protobuf/any.proto"};
  EXPECT_EQ(FileNames(Reflect(request)), expected);
}

TEST_F(BuiltinTest, ReflectionSaysWhatItDoesNotKnow) {
  v1::ServerReflectionRequest request;
  request.set_file_containing_symbol("millrace.test.Ehco");
  v1::ServerReflectionResponse response = Reflect(request);
  EXPECT_EQ(response.error_response().error_code(), 5);
  EXPECT_EQ(response.error_response().error_message(),
            "millrace.test.Ehco is not known here");
  EXPECT_EQ(response.original_request().file_containing_symbol(),
            "millrace.test.Ehco");
  EXPECT_EQ(
      Reflect(v1::ServerReflectionRequest()).error_response().error_code(), 3);
}

TEST_F(BuiltinTest, ReflectionKnowsExtensions) {
  v1::ServerReflectionRequest request;
  request.set_all_extension_numbers_of_type("google.protobuf.FieldOptions");
  v1::ServerReflectionResponse response = Reflect(request);
  EXPECT_EQ(response.all_extension_numbers_response().base_type_name(),
            "google.protobuf.FieldOptions");
}

TEST_F(BuiltinTest, ReflectionSpeaksV1Alpha) {
  v1alpha::ServerReflectionRequest request;
  request.set_file_containing_symbol("millrace.test.EchoReply");
  const auto response =
      Reflect<v1alpha::ServerReflectionRequest,
              v1alpha::ServerReflectionResponse>(reflect_alpha_, request);
  EXPECT_EQ(FileNames(response),
            std::vector<std::string>{"millrace/test/echo.proto"});
}

}  // namespace
}  // namespace millrace::rpc
