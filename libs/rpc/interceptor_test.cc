#include "rpc/interceptor.h"

#include <gmock/gmock.h>

#include "base/strings.h"
#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// Adds a field to every call and notes when it began and ended.
class Marking final : public ClientInterceptor {
 public:
  Marking(std::string name, std::vector<std::string>* notes)
      : name_(std::move(name)), notes_(notes) {}

  Promise<MessagePtr> Unary(OutgoingCall call, const Message& request,
                            NextUnary next) override {
    notes_->push_back(StrCat(name_, " of ", call.method->name));
    call.metadata.emplace_back(StrCat("x-", name_), "here");
    Promise<MessagePtr> sent = next(std::move(call), request);
    MessagePtr reply = co_await std::move(sent);
    notes_->push_back(StrCat(name_, " ends"));
    co_return reply;
  }

  Stream<MessagePtr> Streaming(OutgoingCall call, Stream<MessagePtr> requests,
                               NextStreaming next) override {
    call.metadata.emplace_back(StrCat("x-", name_, "-bin"), "\x01\xff");
    return next(std::move(call), std::move(requests));
  }

 private:
  const std::string name_;
  std::vector<std::string>* const notes_;
};

class Answering final : public ClientInterceptor {
 public:
  explicit Answering(absl::Status refusal) : refusal_(std::move(refusal)) {}

  Promise<MessagePtr> Unary(OutgoingCall, const Message&, NextUnary) override {
    ThrowIfError(refusal_);
    auto reply = std::make_unique<EchoReply>();
    reply->set_text("from memory");
    return Promise<MessagePtr>::Resolve(std::move(reply));
  }
  Stream<MessagePtr> Streaming(OutgoingCall, Stream<MessagePtr>,
                               NextStreaming) override {
    Throw(refusal_);
  }

 private:
  const absl::Status refusal_;
};

class Adding final : public ClientInterceptor {
 public:
  Adding(std::string name, std::string value)
      : name_(std::move(name)), value_(std::move(value)) {}

  Promise<MessagePtr> Unary(OutgoingCall call, const Message& request,
                            NextUnary next) override {
    call.metadata.emplace_back(name_, value_);
    return next(std::move(call), request);
  }

 private:
  const std::string name_, value_;
};

class InterceptorTest : public RpcTest {
 protected:
  // A channel to a server that notes the metadata of calls.
  void Make(std::vector<std::shared_ptr<ClientInterceptor>> interceptors) {
    echo_.say = [this](Call call, EchoRequest request) {
      metadata_ = call.metadata;
      return Promise<EchoReply>::Resolve(Reply(request.text()));
    };
    echo_.talk = [this](Call call, Stream<EchoRequest>) {
      metadata_ = call.metadata;
      return Stream<EchoReply>::Empty();
    };
    StartServer();
    Connect({.interceptors = std::move(interceptors)});
  }

  std::vector<std::string> notes_;
  Metadata metadata_;
};

TEST_F(InterceptorTest, TheFirstIsTheOutermost) {
  Make({std::make_shared<Marking>("first", &notes_),
        std::make_shared<Marking>("second", &notes_)});
  EXPECT_EQ(Await(Say(Request("hello")))->text(), "hello");
  EXPECT_THAT(notes_, ElementsAre("first of Say", "second of Say",
                                  "second ends", "first ends"));
  EXPECT_THAT(metadata_, AllOf(Contains(Pair("x-first", "here")),
                               Contains(Pair("x-second", "here"))));
}

TEST_F(InterceptorTest, StandBeforeStreamsToo) {
  Make({std::make_shared<Marking>("first", &notes_)});
  EXPECT_FALSE(Await(Talk(Stream<EchoRequest>::Empty()).Next())->has_value());
  EXPECT_THAT(metadata_, Contains(Pair("x-first-bin", "\x01\xff")));
}

TEST_F(InterceptorTest, MayAnswerOrRefuse) {
  Make({std::make_shared<Answering>(absl::OkStatus())});
  EXPECT_EQ(Await(Say(Request("hello")))->text(), "from memory");
  const absl::Status refusal = absl::PermissionDeniedError("not from here");
  Connect({.interceptors = {std::make_shared<Answering>(refusal)}});
  EXPECT_EQ(Await(Say(Request("hello"))).status(), refusal);
  EXPECT_EQ(Await(Talk(Stream<EchoRequest>::Empty()).Next()).status(), refusal);
}

TEST_F(InterceptorTest, FieldsThatCannotBeSentFailTheCall) {
  Make({std::make_shared<Adding>("x-text", "\xff")});
  const absl::Status text = Await(Say(Request(""))).status();
  EXPECT_EQ(text.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(text)), HasSubstr("x-text"));
  Connect({.interceptors = {std::make_shared<Adding>("grpc-status", "0")}});
  EXPECT_EQ(Await(Say(Request(""))).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// What came with a request is passed on, whatever it is, and gRPC would end the
// process over it.
TEST_F(InterceptorTest, BaggageThatCannotBeSentIsDropped) {
  Make({});
  Call call;
  call.context.baggage = "key=\xc3\xa9";
  EXPECT_TRUE(Await(Say(Request(""), call)).ok());
  EXPECT_THAT(metadata_, testing::Not(Contains(Pair("baggage", testing::_))));
}

}  // namespace
}  // namespace millrace::rpc
