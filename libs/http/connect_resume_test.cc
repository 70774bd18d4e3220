// Which streams of events have ids.

#include "http/connect_resume.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "http/connect_fixture.h"

namespace millrace::http {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::DynamicMessageFactory;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;

// Messages of no contract: After {optional string after}, Must {string after}
// and Position {string position}.
class Types {
 public:
  Types() {
    FileDescriptorProto file;
    file.set_name("resume.proto");
    file.set_package("test.v1");
    file.set_syntax("proto3");
    using Names = std::pair<const char*, const char*>;
    for (const auto& [name, field] :
         {Names("After", "after"), Names("Must", "after"),
          Names("Position", "position")}) {
      auto* message = file.add_message_type();
      message->set_name(name);
      FieldDescriptorProto* text = message->add_field();
      text->set_name(field);
      text->set_number(1);
      text->set_type(FieldDescriptorProto::TYPE_STRING);
      text->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    }
    auto* after = file.mutable_message_type(0);
    after->add_oneof_decl()->set_name("_after");
    after->mutable_field(0)->set_proto3_optional(true);
    after->mutable_field(0)->set_oneof_index(0);
    pool_.BuildFile(file);
  }

  const Message& Of(const std::string& name) {
    return *factory_.GetPrototype(
        pool_.FindMessageTypeByName("test.v1." + name));
  }

 private:
  DescriptorPool pool_;
  DynamicMessageFactory factory_;
};

Types& TheTypes() {
  static Types types;
  return types;
}
const Message& AfterType() { return TheTypes().Of("After"); }
const Message& MustType() { return TheTypes().Of("Must"); }
const Message& PositionType() { return TheTypes().Of("Position"); }

MessagePtr With(const Message& type, const std::string& text) {
  MessagePtr message(type.New());
  message->GetReflection()->SetString(message.get(),
                                      message->GetDescriptor()->field(0), text);
  return message;
}

// What the handler was asked with, as it is written for debugging.
using Asked = std::vector<std::string>;

// Answers once, with "x" in the field that the answer has.
template <const Message& (*kAnswer)()>
Stream<MessagePtr> AnswerOnce(void* self, const Call&,
                              Stream<MessagePtr> requests) {
  return std::move(requests).Map([self](const MessagePtr& request) {
    static_cast<Asked*>(self)->push_back(request->ShortDebugString());
    return With(kAnswer(), "x");
  });
}

template <const Message& (*kRequest)(), const Message& (*kAnswer)()>
MethodInfo Method(std::string_view path) {
  MethodInfo method;
  method.name = path.substr(path.rfind('/') + 1);
  method.path = path;
  method.kind = MethodKind::kServerStream;
  method.request = kRequest;
  method.response = kAnswer;
  method.validate = [](const Message&) { return absl::OkStatus(); };
  method.stream = AnswerOnce<kAnswer>;
  return method;
}

const ServiceInfo& ResumeInfo() {
  static const std::array methods = {
      Method<AfterType, PositionType>("/test.v1.Resume/Both"),
      Method<MustType, PositionType>("/test.v1.Resume/Must"),
      Method<PositionType, PositionType>("/test.v1.Resume/Position"),
      Method<AfterType, AfterType>("/test.v1.Resume/After")};
  static const ServiceInfo info = {"test.v1.Resume", methods, nullptr};
  return info;
}

class ConnectResumeTest : public ServerFixture {
 protected:
  ConnectResumeTest() : dispatcher_({ServiceBinding{&ResumeInfo(), &asked_}}) {
    MountRpc(router_, dispatcher_, {});
  }

  // The events up to the end, which each has.
  std::string Events(const std::string& method) {
    const std::string body =
        Ask(PostRequest("/test.v1.Resume/" + method, "application/json", "{}",
                        "Accept: text/event-stream\r\nLast-Event-ID: 7\r\n"))
            .body;
    return body.substr(0, body.find("event: end"));
  }

  Asked asked_;
  DirectDispatcher dispatcher_;
};

TEST_F(ConnectResumeTest, OnlyStreamsWithBothHalvesHaveIds) {
  Serve([this] {
    EXPECT_EQ(Events("Both"), "id: x\n\n");
    EXPECT_EQ(Events("Must"), "data: {\"position\":\"x\"}\n\n");
    EXPECT_EQ(Events("Position"), "data: {\"position\":\"x\"}\n\n");
    EXPECT_EQ(Events("After"), "data: {\"after\":\"x\"}\n\n");
  });
  EXPECT_THAT(asked_, testing::ElementsAre("after: \"7\"", "", "", ""));
}

TEST_F(ConnectResumeTest, OtherKindsOfCallsCannotGoOn) {
  MethodInfo method = ResumeInfo().methods[0];
  EXPECT_TRUE(CanGoOn(method));
  for (const MethodKind kind :
       {MethodKind::kUnary, MethodKind::kClientStream, MethodKind::kBidi}) {
    method.kind = kind;
    EXPECT_FALSE(CanGoOn(method));
  }
}

}  // namespace
}  // namespace millrace::http
