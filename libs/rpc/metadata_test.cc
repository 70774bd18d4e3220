// What a raw gRPC client sees of a reply beside its messages, and how many
// requests a method takes.

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

using testing::Contains;
using testing::Not;
using testing::Pair;

constexpr char kSay[] = "/millrace.test.Echo/Say";
constexpr char kCount[] = "/millrace.test.Echo/Count";

struct Seen {
  std::multimap<std::string, std::string> headers;
  std::multimap<std::string, std::string> trailers;
  int replies = 0;
  grpc::Status status;
};

std::multimap<std::string, std::string> Copy(
    const std::multimap<grpc::string_ref, grpc::string_ref>& fields) {
  std::multimap<std::string, std::string> copy;
  for (const auto& [name, value] : fields) {
    copy.emplace(std::string(name.data(), name.size()),
                 std::string(value.data(), value.size()));
  }
  return copy;
}

// A blocking client of one call, for a thread of its own.
class RawCall {
 public:
  RawCall(const std::string& address, const std::string& method)
      : stub_(
            grpc::CreateChannel(address, grpc::InsecureChannelCredentials())) {
    context_.set_deadline(std::chrono::system_clock::now() +
                          std::chrono::seconds(20));
    context_.AddMetadata("x-tenant", "blue");
    context_.AddMetadata("x-raw-bin", "\xff\xfe");
    stream_ = stub_.PrepareCall(&context_, method, &queue_);
    stream_->StartCall(this);
    Next();
  }

  ~RawCall() {
    queue_.Shutdown();
    void* tag;
    bool ok;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  bool Send(const Message& message) {
    const grpc::Slice bytes(message.SerializeAsString());
    stream_->Write(grpc::ByteBuffer(&bytes, 1), this);
    return Next();
  }

  void End() {
    stream_->WritesDone(this);
    Next();
  }

  std::multimap<std::string, std::string> Headers() {
    stream_->ReadInitialMetadata(this);
    Next();
    return Copy(context_.GetServerInitialMetadata());
  }

  // The rest of the call.
  Seen Rest() {
    Seen seen;
    grpc::ByteBuffer reply;
    for (stream_->Read(&reply, this); Next(); stream_->Read(&reply, this)) {
      ++seen.replies;
    }
    stream_->Finish(&seen.status, this);
    Next();
    seen.headers = Copy(context_.GetServerInitialMetadata());
    seen.trailers = Copy(context_.GetServerTrailingMetadata());
    return seen;
  }

 private:
  bool Next() {
    void* tag;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::CompletionQueue queue_;
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

class MetadataTest : public RpcTest {
 protected:
  MetadataTest() { StartServer(); }

  // Runs the loop until `client`, on a thread of its own, has returned.
  template <typename F>
  void Serve(F client) {
    std::thread thread([this, &client] {
      client();
      loop_.Post([this] { loop_.Stop(); });
    });
    loop_.Run();
    thread.join();
  }

  Seen Ask(const std::string& method,
           const std::vector<EchoRequest>& requests) {
    Seen seen;
    Serve([&] {
      RawCall call(address(), method);
      for (const EchoRequest& request : requests) call.Send(request);
      call.End();
      seen = call.Rest();
    });
    return seen;
  }
};

void SayBeside(const ReplyMetadata& reply) {
  ThrowIfError(reply.AddHeader("X-Tag", "one"));
  ThrowIfError(reply.AddHeader("x-tag", "two"));
  ThrowIfError(reply.AddTrailer("x-raw-bin", std::string("\0\xff", 2)));
}

void ExpectBeside(const Seen& seen) {
  EXPECT_THAT(seen.headers, Contains(Pair("x-tag", "one")));
  EXPECT_THAT(seen.headers, Contains(Pair("x-tag", "two")));
  EXPECT_THAT(seen.trailers,
              Contains(Pair("x-raw-bin", std::string("\0\xff", 2))));
}

TEST_F(MetadataTest, AUnaryReplyHasBoth) {
  echo_.say = [](Call call, EchoRequest) {
    SayBeside(call.reply);
    return Promise<EchoReply>::Resolve(Reply("a"));
  };
  const Seen seen = Ask(kSay, {Request("")});
  EXPECT_TRUE(seen.status.ok()) << seen.status.error_message();
  EXPECT_EQ(seen.replies, 1);
  ExpectBeside(seen);
}

TEST_F(MetadataTest, AnErrorHasBoth) {
  echo_.say = [](Call call, EchoRequest) {
    SayBeside(call.reply);
    return Promise<EchoReply>::Reject(absl::AbortedError("no"));
  };
  const Seen seen = Ask(kSay, {Request("")});
  EXPECT_EQ(seen.status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_THAT(seen.trailers,
              Contains(Pair("x-raw-bin", std::string("\0\xff", 2))));
}

TEST_F(MetadataTest, AStreamHasBoth) {
  echo_.count = [](Call call, EchoRequest) {
    SayBeside(call.reply);
    std::vector<EchoReply> replies = {Reply("a"), Reply("b")};
    return Stream<EchoReply>::Of(std::move(replies));
  };
  const Seen seen = Ask(kCount, {Request("")});
  EXPECT_TRUE(seen.status.ok()) << seen.status.error_message();
  EXPECT_EQ(seen.replies, 2);
  ExpectBeside(seen);
}

TEST_F(MetadataTest, HeadersOfAStreamAreSentWhenTheHandlerAsks) {
  Pipe<EchoReply> pipe = MakePipe<EchoReply>();
  echo_.count = [&](Call call, EchoRequest) {
    SayBeside(call.reply);
    call.reply.SendHeaders();
    EXPECT_FALSE(call.reply.AddHeader("x-late", "1").ok());
    return std::move(pipe.stream);
  };
  Serve([&] {
    RawCall call(address(), kCount);
    call.Send(Request(""));
    call.End();
    EXPECT_THAT(call.Headers(), Contains(Pair("x-tag", "two")));
    loop_.Post([&] { pipe.writer.Close(); });
    const Seen seen = call.Rest();
    EXPECT_TRUE(seen.status.ok()) << seen.status.error_message();
    EXPECT_THAT(seen.headers, Not(Contains(Pair("x-late", "1"))));
    ExpectBeside(seen);
  });
}

TEST_F(MetadataTest, HandlersSeeWhatTheCallerSent) {
  Metadata got;
  echo_.say = [&](Call call, EchoRequest) {
    got = call.metadata;
    return Promise<EchoReply>::Resolve(Reply("a"));
  };
  Ask(kSay, {Request("")});
  EXPECT_THAT(got, Contains(Pair("x-tenant", "blue")));
  EXPECT_THAT(got, Contains(Pair("x-raw-bin", "\xff\xfe")));
}

// https://grpc.github.io/grpc/core/md_doc_statuscodes.html
TEST_F(MetadataTest, AMethodOfOneRequestRefusesNoneAndTwo) {
  for (const char* method : {kSay, kCount}) {
    const Seen none = Ask(method, {});
    EXPECT_EQ(none.status.error_code(), grpc::StatusCode::UNIMPLEMENTED)
        << method;
  }
  const Seen two = Ask(kCount, {Request("", 1), Request("", 1)});
  EXPECT_EQ(two.status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(two.replies, 0);
}

}  // namespace
}  // namespace millrace::rpc
