// A person is erased and the trail stays what it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/strings.h"
#include "services/admin/sealing.h"
#include "services/admin/store.h"
#include "services/admin/testing/admin_test.h"

namespace millrace::admin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::users::v1::UserEvents;

constexpr char kEmail[] = "ada@example.org";
constexpr char kName[] = "Ada Lovelace";

class ErasureTest : public AdminTest {
 protected:
  EventEnvelope Created(const std::string& subject,
                        const std::string& email = kEmail) {
    ::users::v1::UserCreated payload;
    payload.set_email(email);
    payload.set_display_name(kName);
    payload.set_locale("en");
    return UserEvent<UserEvents::Created>(subject, payload);
  }
  EventEnvelope Purged(const std::string& subject) {
    return UserEvent<UserEvents::Purged>(subject, {});
  }

  ::admin::v1::QueryAuditResponse Query(const std::string& subject) {
    ::admin::v1::QueryAuditRequest request;
    request.set_subject(subject);
    auto page = Await(rpc_.QueryAudit(call_, request));
    EXPECT_TRUE(page.ok()) << page.status();
    return page.value_or(::admin::v1::QueryAuditResponse());
  }

  // All bytes of all columns that could have something of a person.
  std::string Stored() {
    return *Await(database_->Read([](store::Tx& tx) {
      std::string all;
      for (const store::Row& row :
           tx.Query("SELECT event_id, subject, actor, source, payload_type, "
                    "payload FROM audit ORDER BY id")) {
        for (const char* column :
             {"event_id", "subject", "actor", "source", "payload_type"}) {
          all += row.Text(column);
        }
        all += row.Bytes("payload");
      }
      for (const store::Row& row :
           tx.Query("SELECT data_subject, seal_key FROM audit_keys")) {
        all += row.Text("data_subject") + row.Text("seal_key");
      }
      return all;
    }));
  }

  std::string KeyOf(const std::string& subject) {
    return *Await(database_->Read([&](store::Tx& tx) {
      const auto row =
          tx.QueryOne("SELECT seal_key FROM audit_keys WHERE data_subject = :s",
                      {{"s", subject}});
      return row ? row->Text("seal_key") : std::string("no row");
    }));
  }

  void ExpectWhole(int64_t entries) {
    const Verified verified = Verify();
    EXPECT_TRUE(verified.complete);
    EXPECT_EQ(verified.first_break, std::nullopt)
        << verified.first_break->reason;
    EXPECT_EQ(verified.last.entries, entries);
  }
};

TEST_F(ErasureTest, PersonalFieldsAreKeptSealedAndAnsweredOpen) {
  const EventEnvelope created = Created(kAda);
  ASSERT_TRUE(Record(created).ok());
  EXPECT_THAT(Stored(), Not(HasSubstr(kEmail)));
  EXPECT_THAT(Stored(), Not(HasSubstr(kName)));
  const auto page = Query(kAda);
  ASSERT_EQ(page.entries_size(), 1);
  ::users::v1::UserCreated payload;
  ASSERT_TRUE(page.entries(0).payload().UnpackTo(&payload));
  EXPECT_EQ(payload.SerializeAsString(), created.payload);
  EXPECT_FALSE(page.entries(0).has_erased());
  ExpectWhole(1);
}

TEST_F(ErasureTest, WhoIsPurgedIsErasedAndTheChainHolds) {
  ASSERT_TRUE(Record(Created(kAda)).ok());
  ASSERT_TRUE(Record(Created(kBob, "bob@example.org")).ok());
  ASSERT_TRUE(Record(Created(kAda, "new@example.org")).ok());
  const Verified before = Verify();
  const std::string key = KeyOf(kAda);
  ASSERT_EQ(key.size(), 43u);
  const EventEnvelope purged = Purged(kAda);
  ASSERT_TRUE(Record(purged).ok());
  ASSERT_TRUE(Record(purged).ok());  // delivered again
  EXPECT_EQ(KeyOf(kAda), "");
  EXPECT_THAT(Stored(), Not(HasSubstr(key)));

  VerifyRange range;
  range.kept = before.last;  // a head from before the erasure
  const Verified verified = Verify(range);
  EXPECT_TRUE(verified.complete);
  EXPECT_EQ(verified.last.entries, 4);

  const auto page = Query(kAda);
  ASSERT_EQ(page.entries_size(), 3);
  EXPECT_THAT(page.SerializeAsString(), Not(HasSubstr("@example.org")));
  EXPECT_THAT(page.SerializeAsString(), Not(HasSubstr(kName)));
  for (const auto& entry : page.entries()) {
    if (entry.event_type() != UserEvents::Created::kType) {
      EXPECT_FALSE(entry.has_erased());
      continue;
    }
    EXPECT_THAT(entry.erased().paths(),
                ElementsAre("email", "display_name", "locale"));
    ::users::v1::UserCreated payload;
    ASSERT_TRUE(entry.payload().UnpackTo(&payload));
    EXPECT_EQ(payload.user_id(), kAda);
    EXPECT_EQ(payload.email(), "");
  }
  // Nobody else is.
  EXPECT_THAT(Query(kBob).SerializeAsString(), HasSubstr("bob@example.org"));
}

TEST_F(ErasureTest, WhatIsReplayedLaterBringsNothingBack) {
  ASSERT_TRUE(Record(Created(kAda)).ok());
  ASSERT_TRUE(Record(Purged(kAda)).ok());
  const EventEnvelope late = Created(kAda, "late@example.org");
  ASSERT_TRUE(Record(late).ok());
  ASSERT_TRUE(Record(late).ok());
  // One whose person was never seen before.
  ASSERT_TRUE(Record(Purged(kBob)).ok());
  ASSERT_TRUE(Record(Created(kBob, "bob@example.org")).ok());
  EXPECT_EQ(KeyOf(kAda), "");
  EXPECT_EQ(KeyOf(kBob), "");
  EXPECT_THAT(Stored(), Not(HasSubstr("@example.org")));
  const auto page = Query(kAda);
  ASSERT_EQ(page.entries_size(), 3);
  EXPECT_THAT(page.SerializeAsString(), Not(HasSubstr("@example.org")));
  int erased = 0;
  for (const auto& entry : page.entries()) erased += entry.has_erased();
  EXPECT_EQ(erased, 2);
  ExpectWhole(5);
}

// As a process that is killed between: neither the entry nor the erasure is
// there, and the event that comes again does both.
TEST_F(ErasureTest, EntryAndErasureAreOneTransaction) {
  ASSERT_TRUE(Record(Created(kAda)).ok());
  const std::string key = KeyOf(kAda);
  const EventEnvelope purged = Purged(kAda);
  DropTriggers();
  Tamper("ALTER TABLE audit_keys RENAME TO audit_keys_away");
  EXPECT_FALSE(Record(purged).ok());
  Tamper("ALTER TABLE audit_keys_away RENAME TO audit_keys");
  EXPECT_EQ(KeyOf(kAda), key);
  ExpectWhole(1);
  ASSERT_TRUE(Record(purged).ok());
  EXPECT_EQ(KeyOf(kAda), "");
  ExpectWhole(2);
}

TEST_F(ErasureTest, WhatIsSealedOpensInItsOwnEntryAlone) {
  ASSERT_TRUE(Record(Created(kAda, "one@example.org")).ok());
  ASSERT_TRUE(Record(Created(kAda, "two@example.org")).ok());
  DropTriggers();
  Tamper(
      "UPDATE audit SET payload = (SELECT payload FROM audit WHERE id = 2) "
      "WHERE id = 1");
  const auto page = Query(kAda);
  ASSERT_EQ(page.entries_size(), 2);
  for (const auto& entry : page.entries()) {
    EXPECT_EQ(entry.has_erased(), entry.id() == 1) << entry.id();
  }
  EXPECT_EQ(Verify().first_break->id, 1);
}

TEST_F(ErasureTest, APayloadOfAnUnknownTypeIsSealedAsAWhole) {
  EventEnvelope newer = Created(kAda);
  newer.type = "users.v1.UserEvents.Moved";  // of a newer contract
  ASSERT_TRUE(Record(newer).ok());
  EXPECT_THAT(Stored(), Not(HasSubstr(kEmail)));
  ASSERT_TRUE(Record(Purged(kAda)).ok());
  const auto page = Query(kAda);
  ASSERT_EQ(page.entries_size(), 2);
  EXPECT_THAT(page.SerializeAsString(), Not(HasSubstr(kEmail)));
  ExpectWhole(2);
}

TEST_F(ErasureTest, ReasonsOfPermissionsAreErasedToo) {
  ::admin::v1::PermissionsChanged changed;
  changed.set_user_id(kAda);
  changed.set_reason("Ada Lovelace asked for it");
  changed.add_permissions("users.users.read");
  EventEnvelope envelope = CreatedEvent(kAda);
  envelope.type = "admin.v1.AdminEvents.PermissionsChanged";
  envelope.source = "/admin";
  envelope.payload = changed.SerializeAsString();
  ASSERT_TRUE(Record(envelope).ok());
  ASSERT_TRUE(Record(Purged(kAda)).ok());
  const std::string answered = Query(kAda).SerializeAsString();
  EXPECT_THAT(answered, Not(HasSubstr("Lovelace")));
  EXPECT_THAT(answered, HasSubstr("users.users.read"));
}

TEST_F(ErasureTest, TheLiveTailShowsNothingOfWhoWasErased) {
  ASSERT_TRUE(Record(Purged(kAda)).ok());
  for (const char* person : {kAda, kBob}) {
    transport_.published.push_back(
        bus::EncodeEvent(Created(person), "users.v1.events"));
  }
  const auto seen = Await(rpc_.WatchEvents(call_, {}).Collect());
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_EQ(seen->size(), 2u);
  EXPECT_THAT(seen->at(0).SerializeAsString(), Not(HasSubstr(kEmail)));
  EXPECT_THAT(seen->at(0).entry().erased().paths(),
              ElementsAre("email", "display_name", "locale"));
  EXPECT_THAT(seen->at(1).SerializeAsString(), HasSubstr(kEmail));
  EXPECT_THAT(seen->at(1).entry().erased().paths(), IsEmpty());
}

TEST_F(ErasureTest, NorDoesOneThatCanBeResumed) {
  ASSERT_TRUE(Record(Purged(kAda)).ok());
  for (const char* person : {kAda, kBob}) {
    bus::Record record = bus::EncodeEvent(Created(person), "users.v1.events");
    record.partition = 0;
    record.offset = static_cast<int64_t>(transport_.published.size());
    transport_.published.push_back(std::move(record));
  }
  ::admin::v1::WatchEventsRequest request;
  request.set_after("");
  const auto seen = Await(rpc_.WatchEvents(call_, request).Collect());
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_EQ(seen->size(), 3u);
  EXPECT_FALSE(seen->at(0).has_entry());
  EXPECT_THAT(seen->at(1).SerializeAsString(), Not(HasSubstr(kEmail)));
  EXPECT_THAT(seen->at(1).entry().erased().paths(),
              ElementsAre("email", "display_name", "locale"));
  EXPECT_THAT(seen->at(2).SerializeAsString(), HasSubstr(kEmail));
  std::set<std::string> positions;
  for (const auto& answer : *seen) {
    EXPECT_FALSE(answer.missed());
    positions.insert(answer.position());
  }
  EXPECT_EQ(positions.size(), 3u);

  request.set_after("nowhere");
  EXPECT_EQ(Await(rpc_.WatchEvents(call_, request).Collect()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ErasureTest, DeadLettersAreShownWithoutWhoWasErased) {
  AddDeadLetter(Created(kAda));
  EventEnvelope unreadable = Created(kAda);
  unreadable.type = "users.v1.UserEvents.Unknown";
  AddDeadLetter(unreadable);
  const auto list = [this] {
    return Await(rpc_.ListDeadLetters(call_, {}))->SerializeAsString();
  };
  EXPECT_THAT(list(), HasSubstr(kEmail));
  ASSERT_TRUE(Record(Purged(kAda)).ok());
  EXPECT_THAT(list(), Not(HasSubstr(kEmail)));
  EXPECT_THAT(list(), HasSubstr(kAda));
}

}  // namespace
}  // namespace millrace::admin
