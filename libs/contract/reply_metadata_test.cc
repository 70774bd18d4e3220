#include "contract/reply_metadata.h"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

absl::StatusCode AddedHeader(std::string_view name, std::string_view value) {
  return ReplyMetadata::Make().AddHeader(name, value).code();
}

TEST(ReplyMetadataTest, CopiesSayTheSameThings) {
  const ReplyMetadata face = ReplyMetadata::Make();
  const ReplyMetadata handler = face;
  EXPECT_TRUE(handler.AddHeader("X-Cache", "hit").ok());
  EXPECT_TRUE(handler.AddHeader("x-cache", "stale").ok());
  EXPECT_TRUE(handler.AddTrailer("x-rows-bin", std::string("\0\xff", 2)).ok());
  EXPECT_THAT(face.TakeHeaders(),
              ElementsAre(Pair("x-cache", "hit"), Pair("x-cache", "stale")));
  EXPECT_THAT(face.TakeTrailers(),
              ElementsAre(Pair("x-rows-bin", std::string("\0\xff", 2))));
  EXPECT_THAT(face.TakeHeaders(), IsEmpty());
}

TEST(ReplyMetadataTest, HeadersAfterTheyWereSentAreRefusedByName) {
  const ReplyMetadata reply = ReplyMetadata::Make();
  EXPECT_THAT(reply.TakeHeaders(), IsEmpty());
  const absl::Status status = reply.AddHeader("x-late", "1");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("x-late"));
  EXPECT_TRUE(reply.AddTrailer("x-late", "1").ok());
}

TEST(ReplyMetadataTest, RefusesWhatWouldBreakALine) {
  using absl::StatusCode;
  EXPECT_EQ(AddedHeader("", "v"), StatusCode::kInvalidArgument);
  EXPECT_EQ(AddedHeader("a b", "v"), StatusCode::kInvalidArgument);
  EXPECT_EQ(AddedHeader("a:b", "v"), StatusCode::kInvalidArgument);
  EXPECT_EQ(AddedHeader("a", "v\r\nb: c"), StatusCode::kInvalidArgument);
  EXPECT_EQ(AddedHeader("a", "\xc3\xa4"), StatusCode::kInvalidArgument);
  EXPECT_EQ(AddedHeader("a", " v"), StatusCode::kInvalidArgument);
  EXPECT_EQ(AddedHeader("a-bin", "\r\n"), StatusCode::kOk);
  EXPECT_EQ(AddedHeader("a", ""), StatusCode::kOk);
}

TEST(ReplyMetadataTest, RefusesWhatBelongsToAProtocol) {
  using absl::StatusCode;
  for (const char* name : {"Content-Type", "grpc-status", "connect-x",
                           "trailer-x", "transfer-encoding", "te"}) {
    EXPECT_EQ(AddedHeader(name, "v"), StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(ReplyMetadata::Make().AddTrailer(name, "v").code(),
              StatusCode::kInvalidArgument)
        << name;
  }
}

TEST(ReplyMetadataTest, SendHeadersAsksTheFaceOnce) {
  int asked = 0;
  const ReplyMetadata reply = ReplyMetadata::Make();
  reply.SendHeaders();  // no face listens yet
  reply.OnSendHeaders([&] { ++asked; });
  reply.SendHeaders();
  reply.SendHeaders();
  EXPECT_EQ(asked, 1);
}

TEST(ReplyMetadataTest, OfNobodyChecksAndDrops) {
  const ReplyMetadata reply;
  EXPECT_TRUE(reply.AddHeader("x", "1").ok());
  EXPECT_FALSE(reply.AddHeader("x", "\n").ok());
  reply.SendHeaders();
  EXPECT_THAT(reply.TakeHeaders(), IsEmpty());
  EXPECT_THAT(reply.TakeTrailers(), IsEmpty());
}

}  // namespace
}  // namespace millrace
