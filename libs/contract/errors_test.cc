#include "contract/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Errors, ViolationsAreListedAndTyped) {
  const std::vector<FieldViolation> violations = {
      {"email", "must be an e-mail address"},
      {"display_name", "must be set"},
      {"", "and 3 more violations"}};
  const absl::Status status = InvalidArgument(violations);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      status.message(),
      "email: must be an e-mail address; display_name: must be set; and 3 "
      "more violations");
  EXPECT_EQ(Violations(status), violations);
}

TEST(Errors, NoViolationIsOk) {
  EXPECT_TRUE(InvalidArgument({}).ok());
  EXPECT_THAT(Violations(absl::NotFoundError("x")), IsEmpty());
}

TEST(Errors, DetailsAreFoundByType) {
  google::rpc::ErrorInfo info;
  info.set_reason("EMAIL_TAKEN");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(3);
  const absl::Status status =
      WithDetail(WithDetail(absl::AlreadyExistsError("taken"), info), retry);

  google::rpc::ErrorInfo found;
  ASSERT_TRUE(GetDetail(status, &found));
  EXPECT_EQ(found.reason(), "EMAIL_TAKEN");
  google::rpc::BadRequest absent;
  EXPECT_FALSE(GetDetail(status, &absent));
  EXPECT_TRUE(status.GetPayload("type.googleapis.com/google.rpc.RetryInfo"));
}

TEST(Errors, ALaterDetailReplacesOneOfItsType) {
  google::rpc::ErrorInfo info;
  info.set_reason("A");
  absl::Status status = WithDetail(absl::AbortedError("x"), info);
  info.set_reason("B");
  status = WithDetail(status, info);
  ASSERT_TRUE(GetDetail(status, &info));
  EXPECT_EQ(info.reason(), "B");
}

TEST(Errors, EveryCodeSurvivesTheWire) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "why");
    EXPECT_EQ(StatusFromBytes(StatusToBytes(status)), status) << code;
  }
  EXPECT_TRUE(StatusFromBytes(StatusToBytes(absl::OkStatus())).ok());
}

TEST(Errors, DetailsSurviveTheWireInAFixedOrder) {
  google::rpc::RetryInfo retry;
  google::rpc::ErrorInfo info;
  info.set_reason("R");
  const absl::Status one =
      WithDetail(WithDetail(absl::UnavailableError("x"), retry), info);
  const absl::Status other =
      WithDetail(WithDetail(absl::UnavailableError("x"), info), retry);
  EXPECT_EQ(StatusToBytes(one), StatusToBytes(other));
  EXPECT_EQ(StatusFromBytes(StatusToBytes(one)), one);

  google::rpc::Status wire;
  ASSERT_TRUE(wire.ParseFromString(StatusToBytes(one)));
  ASSERT_EQ(wire.details_size(), 2);
  EXPECT_EQ(wire.details(0).type_url(),
            "type.googleapis.com/google.rpc.ErrorInfo");
}

TEST(Errors, BytesOfAnotherKindAreInternal) {
  const absl::Status status = StatusFromBytes("\xff\xff");
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("google.rpc.Status"));
}

TEST(Errors, ACodeOfTheFutureIsUnknown) {
  google::rpc::Status wire;
  wire.set_code(99);
  wire.set_message("tea");
  const absl::Status status = StatusFromBytes(wire.SerializeAsString());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(status.message(), "unknown status code 99: tea");
}

TEST(Errors, CodesHaveTheirStandardNames) {
  EXPECT_EQ(CodeName(absl::StatusCode::kOk), "OK");
  EXPECT_EQ(CodeName(absl::StatusCode::kInvalidArgument), "INVALID_ARGUMENT");
  EXPECT_EQ(CodeName(absl::StatusCode::kUnauthenticated), "UNAUTHENTICATED");
  EXPECT_EQ(CodeName(static_cast<absl::StatusCode>(77)), "UNKNOWN");
}

}  // namespace
}  // namespace millrace
