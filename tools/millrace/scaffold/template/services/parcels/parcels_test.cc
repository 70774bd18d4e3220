// The service on a database: handlers, their event, the listener, and what the
// contract says of requests and callers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/ids.h"
#include "base/trace.h"
#include "contract/access.h"
#include "contract/rules.h"
#include "parcels/migrations.h"
#include "parcels/v1/events.millrace.h"
#include "services/parcels/listeners.h"
#include "services/parcels/rpc.h"
#include "tests/support/service_test.h"

namespace parcels {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::users::v1::UserEvents;

constexpr char kAda[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
constexpr char kBob[] = "017f22e2-79b0-7cc3-98c4-dc0c0c073990";

v1::CreateParcelRequest NewRequest(const std::string& owner_id,
                                   const std::string& title) {
  v1::CreateParcelRequest request;
  request.set_owner_id(owner_id);
  request.set_title(title);
  return request;
}

class ParcelsTest : public millrace::testing::ServiceTest {
 protected:
  ParcelsTest() : ServiceTest("parcels", millrace::ParcelsMigrations()) {}

  absl::StatusOr<v1::Parcel> Create(const std::string& owner_id,
                                    const std::string& title) {
    return Await(rpc_.CreateParcel(call_, NewRequest(owner_id, title)));
  }

  // The titles of all that a person has, asked for in pages of one.
  std::vector<std::string> Titles(const std::string& owner_id) {
    std::vector<std::string> titles;
    v1::ListParcelsRequest request;
    request.set_owner_id(owner_id);
    request.set_page_size(1);
    do {
      const auto page = Await(rpc_.ListParcels(call_, request));
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const auto& one : page->parcels()) titles.push_back(one.title());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return titles;
  }

  // Hands the event to the listener, as a subscription does.
  absl::Status Purge(const std::string& event_id, const std::string& user_id) {
    ::users::v1::UserPurged purged;
    purged.set_user_id(user_id);
    const millrace::EventEnvelope envelope = {
        .id = event_id,
        .type = std::string(UserEvents::Purged::kType),
        .source = "/users",
        .key = user_id,
        .trace = millrace::TraceContext::NewRoot(),
        .payload = purged.SerializeAsString()};
    return Await(people_.Deliver(envelope));
  }

  ParcelsRpc rpc_{*database_, outbox_, clock_};
  millrace::bus::Inbox inbox_{*database_, kPeopleGroup};
  PeopleListener people_{inbox_};
};

TEST_F(ParcelsTest, CreatesWithAnEvent) {
  const auto created = Create(kAda, "  first ");
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->title(), "first");
  EXPECT_THAT(Emitted(v1::ParcelEvents::Info()), ElementsAre("Created"));
  v1::GetParcelRequest request;
  request.set_id(created->id());
  const auto found = Await(rpc_.GetParcel(call_, request));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->SerializeAsString(), created->SerializeAsString());
}

TEST_F(ParcelsTest, WhatIsRefusedLeavesNothing) {
  EXPECT_EQ(Create(kAda, "   ").status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(Emitted(v1::ParcelEvents::Info()), IsEmpty());
  EXPECT_THAT(Titles(kAda), IsEmpty());
}

TEST_F(ParcelsTest, SaysWhatIsNotThere) {
  v1::GetParcelRequest request;
  request.set_id(millrace::NewId());
  EXPECT_EQ(Await(rpc_.GetParcel(call_, request)).status().code(),
            StatusCode::kNotFound);
}

TEST_F(ParcelsTest, ListsWhatOnePersonHasInPages) {
  for (const char* title : {"one", "two", "three"}) {
    ASSERT_TRUE(Create(kAda, title).ok());
  }
  ASSERT_TRUE(Create(kBob, "his").ok());
  EXPECT_THAT(Titles(kAda), ElementsAre("one", "two", "three"));
  EXPECT_THAT(Titles(kBob), ElementsAre("his"));
}

TEST_F(ParcelsTest, PagesAreAsLongAsTheSettingsSay) {
  for (const char* title : {"one", "two", "three"}) {
    ASSERT_TRUE(Create(kAda, title).ok());
  }
  v1::ListParcelsRequest request;
  request.set_owner_id(kAda);
  rpc_.SetPageSize(2);
  const auto page = Await(rpc_.ListParcels(call_, request));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->parcels_size(), 2);
  EXPECT_NE(page->next_page_token(), "");
}

TEST_F(ParcelsTest, KeepsNothingOfWhoIsPurged) {
  ASSERT_TRUE(Create(kAda, "hers").ok());
  ASSERT_TRUE(Create(kBob, "his").ok());
  EXPECT_EQ(Purge("e1", kAda), absl::OkStatus());
  EXPECT_THAT(Titles(kAda), IsEmpty());
  EXPECT_THAT(Titles(kBob), ElementsAre("his"));
  // The same event again has no effect, whatever has happened since.
  ASSERT_TRUE(Create(kAda, "later").ok());
  EXPECT_EQ(Purge("e1", kAda), absl::OkStatus());
  EXPECT_THAT(Titles(kAda), ElementsAre("later"));
}

TEST(ParcelsContract, HasRulesForRequests) {
  using millrace::rules::Validate;
  EXPECT_EQ(Validate<v1::CreateParcelRequest>(NewRequest(kAda, "one")),
            absl::OkStatus());
  for (const auto& wrong :
       {NewRequest("", "one"), NewRequest("ada", "one"), NewRequest(kAda, ""),
        NewRequest(kAda, std::string(201, 'x'))}) {
    EXPECT_EQ(Validate<v1::CreateParcelRequest>(wrong).code(),
              StatusCode::kInvalidArgument);
  }
}

TEST(ParcelsContract, SaysWhoMayCreate) {
  const auto request = NewRequest(kAda, "one");
  const auto code = [&request](const millrace::Identity& caller) {
    for (const auto& method : v1::ParcelsService::Info().methods) {
      if (method.name == "CreateParcel") {
        return millrace::CheckAccess(method, caller, &request).code();
      }
    }
    return StatusCode::kUnimplemented;
  };
  EXPECT_EQ(code({}), StatusCode::kUnauthenticated);
  EXPECT_EQ(code({.subject = kBob}), StatusCode::kPermissionDenied);
  EXPECT_EQ(code({.subject = kAda}), StatusCode::kOk);
  EXPECT_EQ(code({.subject = kBob, .permissions = {"parcels.parcels.write"}}),
            StatusCode::kOk);
}

}  // namespace
}  // namespace parcels
