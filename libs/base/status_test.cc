#include "base/status.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace millrace {
namespace {

template <typename E>
absl::Status Caught(E error) {
  return StatusFrom(std::make_exception_ptr(std::move(error)));
}

TEST(Status, KeepsCodeMessageAndDetails) {
  absl::Status status = absl::NotFoundError("user 7 is not known");
  status.SetPayload("type.example/X", absl::Cord("bytes"));
  EXPECT_EQ(Caught(StatusError(status)), status);
}

TEST(Status, OtherExceptionsAreInternal) {
  EXPECT_EQ(Caught(std::runtime_error("broken")),
            absl::InternalError("broken"));
  EXPECT_EQ(Caught(42).code(), absl::StatusCode::kUnknown);
  EXPECT_TRUE(StatusFrom(nullptr).ok());
}

TEST(Status, AnOkStatusCannotBeThrown) {
  EXPECT_EQ(StatusError(absl::OkStatus()).status().code(),
            absl::StatusCode::kInternal);
}

TEST(Status, WhatReadsAsTheStatus) {
  EXPECT_STREQ(StatusError(absl::AbortedError("try again")).what(),
               "ABORTED: try again");
}

TEST(Status, ValueOrThrow) {
  EXPECT_EQ(ValueOrThrow<int>(7), 7);
  EXPECT_THROW(ValueOrThrow<int>(absl::AbortedError("no")), StatusError);
  EXPECT_NO_THROW(ThrowIfError(absl::OkStatus()));
  EXPECT_THROW(ThrowIfError(absl::AbortedError("no")), StatusError);
}

}  // namespace
}  // namespace millrace
