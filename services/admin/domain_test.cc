#include "services/admin/domain.h"

#include <gtest/gtest.h>

#include "users/v1/events.millrace.h"

namespace millrace::admin {
namespace {

using ::users::v1::UserCreated;
using ::users::v1::UserEvents;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

EventEnvelope Created() {
  UserCreated payload;
  payload.set_user_id("u1");
  payload.set_email("ada@example.org");
  return {.id = "e1",
          .type = "users.v1.UserEvents.Created",
          .source = "/users",
          .key = "u1",
          .time = kNow - absl::Seconds(3),
          .trace = TraceContext::NewRoot(),
          .payload = payload.SerializeAsString()};
}

TEST(Domain, RecordsWhoWhatAndWhen) {
  const EventEnvelope envelope = Created();
  const auto record = ToRecord({&UserEvents::Info()}, envelope, kNow);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->event_id, "e1");
  EXPECT_EQ(record->event_type, "users.v1.UserEvents.Created");
  EXPECT_EQ(record->source, "/users");
  EXPECT_EQ(record->subject, "u1");
  EXPECT_EQ(record->occur_time, envelope.time);
  EXPECT_EQ(record->record_time, kNow);
  EXPECT_EQ(record->trace_id, envelope.trace.trace_id_hex());
  EXPECT_EQ(record->payload_type, "users.v1.UserCreated");
  UserCreated payload;
  ASSERT_TRUE(payload.ParseFromString(record->payload));
  EXPECT_EQ(payload.email(), "ada@example.org");
}

TEST(Domain, RefusesAPayloadThatIsNotWhatItsTypeSays) {
  EventEnvelope envelope = Created();
  envelope.payload = "\xff\xff not protobuf";
  EXPECT_EQ(ToRecord({&UserEvents::Info()}, envelope, kNow).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(Domain, KeepsTheBytesOfANewerEvent) {
  EventEnvelope envelope = Created();
  envelope.type = "users.v1.UserEvents.Promoted";
  const auto record = ToRecord({&UserEvents::Info()}, envelope, kNow);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->payload_type, "");
  EXPECT_EQ(record->payload, envelope.payload);
}

}  // namespace
}  // namespace millrace::admin
