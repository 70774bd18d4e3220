#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/testdata/pipeline_fixture.h"

namespace millrace::runtime {
namespace {

using testing::HasSubstr;

class PipelinePlainTest : public PipelineTest {
 protected:
  absl::Status Call(Pipeline::PlainHandler handler) {
    IncomingCall call;
    call.method = method_;
    call.face = "http";
    call.peer = "127.0.0.1:1";
    call.metadata = {{"traceparent", kTraceparent}};
    return Settle(loop_, pipeline_->Plain(std::move(call), std::move(handler)));
  }

  const MethodInfo* method_ = nullptr;
};

TEST_F(PipelinePlainTest, PassesTheStagesThatAskNoContract) {
  CallLimiter limiter({}, 512, metrics_);
  Make({.default_deadline = absl::Seconds(7),
        .identify = [](const IncomingCall&) -> absl::StatusOr<Identity> {
          return Identity{"ada"};
        },
        .check_access = true,
        .limiter = &limiter});
  method_ = &pipeline_->AddPlain("GET /things/:id");
  std::vector<CallContext> seen;
  const Pipeline::PlainHandler handler = [&](const millrace::Call& call) {
    seen.push_back(call.context);
    return Promise<absl::Status>::Resolve(absl::NotFoundError("no such thing"));
  };
  // What it ended with is for the log, the answer is the handler's own.
  EXPECT_EQ(Call(handler), absl::OkStatus());
  EXPECT_EQ(logger_.lines.back()["method"], "GET /things/:id");
  EXPECT_EQ(logger_.lines.back()["code"], "NOT_FOUND");
  EXPECT_EQ(logger_.lines.back()["subject"], "ada");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].identity.subject, "ada");
  EXPECT_EQ(seen[0].trace.trace_id_hex(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(seen[0].deadline, clock_.Now() + absl::Seconds(7));

  limiter.Set({.max_in_flight = 0});
  EXPECT_EQ(Call(handler).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(seen.size(), 1u);
}

TEST_F(PipelinePlainTest, WhatAHandlerFailsWithStaysInside) {
  Make();
  method_ = &pipeline_->AddPlain("GET /things");
  const absl::Status status = Call([](const millrace::Call&) {
    return Promise<absl::Status>::Reject(absl::InternalError("secret"));
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr("secret")));
  EXPECT_EQ(logger_.Saying("a handler failed")[0].at("error"), "secret");
}

}  // namespace
}  // namespace millrace::runtime
