// gRPC's own view of a server, asked for over the wire.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>

#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::MessageFactory;

// A message of the library that serves channelz, which brings no header.
const Message& Prototype(const std::string& name) {
  const auto* const type =
      DescriptorPool::generated_pool()->FindMessageTypeByName(
          "grpc.channelz.v1." + name);
  if (type == nullptr) ADD_FAILURE() << "there is no message " << name;
  return *MessageFactory::generated_factory()->GetPrototype(type);
}

MethodInfo GetServers() {
  MethodInfo method;
  method.name = "GetServers";
  method.path = "/grpc.channelz.v1.Channelz/GetServers";
  method.request = []() -> const Message& {
    return Prototype("GetServersRequest");
  };
  method.response = []() -> const Message& {
    return Prototype("GetServersResponse");
  };
  return method;
}

// The field of a message, which is there; the first of a repeated one.
const Message& Field(const Message& message, const std::string& name) {
  const auto* const field = message.GetDescriptor()->FindFieldByName(name);
  const auto* const reflection = message.GetReflection();
  return field->is_repeated()
             ? reflection->GetRepeatedMessage(message, field, 0)
             : reflection->GetMessage(message, field);
}
int64_t Number(const Message& message, const std::string& name) {
  return message.GetReflection()->GetInt64(
      message, message.GetDescriptor()->FindFieldByName(name));
}

class ChannelzTest : public RpcTest {
 protected:
  absl::StatusOr<MessagePtr> Ask() {
    const MethodInfo method = GetServers();
    const MessagePtr request(method.request().New());
    return Await(channel_->Unary(method, Call(), *request));
  }
};

TEST_F(ChannelzTest, TellsOfTheServerWhereItIsServed) {
  // gRPC does not take it back: this is the only test that asks for it.
  StartServer();
  Connect();
  EXPECT_EQ(Ask().status().code(), absl::StatusCode::kUnimplemented);
  channel_.reset();
  server_.reset();

  StartServer({.channelz = true});
  Connect();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Await(Say(Request(""))).ok());
  const absl::StatusOr<MessagePtr> answer = Ask();
  ASSERT_TRUE(answer.ok()) << answer.status();
  const Message& server = Field(**answer, "server");
  const Message& data = Field(server, "data");
  EXPECT_EQ(Number(data, "calls_started"), 4) << "three and the question";
  EXPECT_EQ(Number(data, "calls_succeeded"), 3);
  EXPECT_EQ(Number(data, "calls_failed"), 0);
}

}  // namespace
}  // namespace millrace::rpc
