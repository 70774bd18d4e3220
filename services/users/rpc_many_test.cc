// The methods about many people, states and races, on each database.
#include "contract/time.h"
#include "loop/combinators.h"
#include "loop/timer_promises.h"
#include "services/users/users_suite.h"

namespace millrace::users {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::users::v1::ExportUsersResponse;
using ::users::v1::ImportUsersRequest;
using ::users::v1::ImportUsersResponse;
using ::users::v1::ListUsersRequest;
using ::users::v1::User;

ImportUsersRequest Row(const std::string& email,
                       const std::string& name = "Ada") {
  ImportUsersRequest row;
  row.set_email(email);
  row.set_display_name(name);
  return row;
}

template <typename Users>
std::vector<std::string> EmailsOf(const Users& users) {
  std::vector<std::string> emails;
  for (const User& user : users) emails.push_back(user.email());
  return emails;
}

TEST_P(UsersSuite, OneOfAThousandGetsTheAddress) {
  constexpr int kCalls = 1000;
  ::users::v1::CreateUserRequest request;
  request.set_email("ada@example.org");
  request.set_display_name("Ada");
  std::vector<Promise<User>> calls;
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(rpc_.CreateUser(call_, request));
  }
  const auto outcomes = Await(AllSettled(std::move(calls)));
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  int created = 0;
  for (const auto& outcome : *outcomes) {
    created += outcome.ok();
    if (!outcome.ok()) {
      EXPECT_EQ(outcome.status(), absl::AlreadyExistsError(
                                      "another user has this e-mail address"));
    }
  }
  EXPECT_EQ(created, 1);
  EXPECT_THAT(Emitted(), ElementsAre("Created"));
}

TEST_P(UsersSuite, ListsEachState) {
  const User ada = *Create("ada@example.org");
  const User bob = *Create("bob@example.org");
  const User eve = *Create("eve@example.org");
  ASSERT_TRUE(Suspend(bob.id()).ok());
  ASSERT_TRUE(Suspend(eve.id()).ok());
  ASSERT_TRUE(Delete(eve.id()).ok());
  const auto list = [this](::users::v1::UserState state) {
    ListUsersRequest request;
    request.set_state(state);
    return EmailsOf(Await(rpc_.ListUsers(call_, request))->users());
  };
  EXPECT_THAT(list(::users::v1::USER_STATE_UNSPECIFIED),
              ElementsAre(ada.email(), bob.email()));
  EXPECT_THAT(list(::users::v1::USER_STATE_ACTIVE), ElementsAre(ada.email()));
  EXPECT_THAT(list(::users::v1::USER_STATE_SUSPENDED),
              ElementsAre(bob.email()));
  EXPECT_THAT(list(::users::v1::USER_STATE_DELETED), ElementsAre(eve.email()));
}

TEST_P(UsersSuite, SuspendsAndReinstatesOnce) {
  const User ada = *Create("ada@example.org");
  const auto suspended = Suspend(ada.id());
  ASSERT_TRUE(suspended.ok()) << suspended.status();
  EXPECT_EQ(suspended->state(), ::users::v1::USER_STATE_SUSPENDED);
  EXPECT_EQ(suspended->suspend_reason(), "spam");
  EXPECT_EQ(Suspend(ada.id()).status().code(), StatusCode::kFailedPrecondition);

  ::users::v1::ReinstateUserRequest request;
  request.set_id(ada.id());
  request.set_etag(ada.etag());
  EXPECT_EQ(Await(rpc_.ReinstateUser(call_, request)).status().code(),
            StatusCode::kAborted);
  request.set_etag(suspended->etag());
  const auto reinstated = Await(rpc_.ReinstateUser(call_, request));
  ASSERT_TRUE(reinstated.ok()) << reinstated.status();
  EXPECT_EQ(reinstated->state(), ::users::v1::USER_STATE_ACTIVE);
  EXPECT_EQ(reinstated->suspend_reason(), "");
  request.clear_etag();
  EXPECT_EQ(Await(rpc_.ReinstateUser(call_, request)).status().code(),
            StatusCode::kFailedPrecondition);
  EXPECT_THAT(Emitted(), ElementsAre("Created", "Suspended", "Reinstated"));
}

TEST_P(UsersSuite, ADeletedPersonIsFoundNoMoreAndCanComeBack) {
  const User ada = *Create("ada@example.org");
  ASSERT_TRUE(Delete(ada.id()).ok());
  EXPECT_EQ(Delete(ada.id()).code(), StatusCode::kNotFound);
  EXPECT_EQ(Suspend(ada.id()).status().code(), StatusCode::kNotFound);
  ::users::v1::GetUserRequest get;
  get.set_id(ada.id());
  EXPECT_EQ(Await(rpc_.GetUser(call_, get)).status().code(),
            StatusCode::kNotFound);

  ::users::v1::UndeleteUserRequest request;
  request.set_id(ada.id());
  const auto back = Await(rpc_.UndeleteUser(call_, request));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->state(), ::users::v1::USER_STATE_ACTIVE);
  EXPECT_FALSE(back->has_purge_time());
  EXPECT_EQ(Await(rpc_.UndeleteUser(call_, request)).status().code(),
            StatusCode::kNotFound);
  EXPECT_THAT(Emitted(), ElementsAre("Created", "Deleted", "Undeleted"));
}

TEST_P(UsersSuite, TheAddressOfADeletedPersonIsFree) {
  const User ada = *Create("ada@example.org");
  ASSERT_TRUE(Delete(ada.id()).ok());
  ASSERT_TRUE(Create("ada@example.org").ok());
  ::users::v1::UndeleteUserRequest request;
  request.set_id(ada.id());
  EXPECT_EQ(Await(rpc_.UndeleteUser(call_, request)).status(),
            absl::AlreadyExistsError("another user has this e-mail address"));
  EXPECT_THAT(Emitted(), ElementsAre("Created", "Deleted", "Created"));
}

TEST_P(UsersSuite, GetsABatchInItsOrder) {
  const User ada = *Create("ada@example.org");
  const User bob = *Create("bob@example.org");
  const User eve = *Create("eve@example.org");
  ASSERT_TRUE(Delete(bob.id()).ok());
  const std::string nobody = "018f3c5e-7b1a-7c3d-9a52-0f1e2d3c4b5a";
  ::users::v1::BatchGetUsersRequest request;
  for (const std::string& id : {eve.id(), bob.id(), nobody, ada.id()}) {
    request.add_ids(id);
  }
  const auto response = Await(rpc_.BatchGetUsers(call_, request));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(EmailsOf(response->users()),
              ElementsAre(eve.email(), ada.email()));
  EXPECT_THAT(response->missing_ids(), ElementsAre(bob.id(), nobody));
}

TEST_P(UsersSuite, ImportReportsEachWrongRow) {
  ASSERT_TRUE(Create("taken@example.org").ok());
  std::vector<ImportUsersRequest> rows = {
      Row("a@example.org"), Row("nonsense", ""),  Row("taken@example.org"),
      Row("b@example.org"), Row("A@example.org"), Row("c@example.org"),
      Row("d@example.org")};
  const auto response = Await(
      rpc_.ImportUsers(call_, Stream<ImportUsersRequest>::Of(std::move(rows))));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->created(), 4);
  EXPECT_EQ(response->failed(), 3);
  ASSERT_EQ(response->failures_size(), 3);
  EXPECT_EQ(response->failures(0).index(), 1);
  EXPECT_EQ(response->failures(0).code(), "INVALID_ARGUMENT");
  ASSERT_EQ(response->failures(0).violations_size(), 2);
  EXPECT_EQ(response->failures(0).violations(0).field(), "email");
  EXPECT_EQ(response->failures(0).violations(1).field(), "display_name");
  EXPECT_EQ(response->failures(1).index(), 2);
  EXPECT_EQ(response->failures(1).code(), "ALREADY_EXISTS");
  EXPECT_EQ(response->failures(2).index(), 4);
  EXPECT_THAT(Emitted(), SizeIs(5));
}

// So that a batch, which waits for more, holds no rows that may be large.
TEST_P(UsersSuite, ImportLooksAtEachRowWhenItComes) {
  auto pipe = MakePipe<ImportUsersRequest>(16);
  const auto outcome =
      AsStatusOr(rpc_.ImportUsers(call_, std::move(pipe.stream)));
  const absl::Time first = clock_.Now();
  ASSERT_TRUE(Await(pipe.writer.Write(Row("a@example.org"))).ok());
  ASSERT_TRUE(Await(Yield()).ok());
  clock_.Advance(absl::Hours(1));
  ASSERT_TRUE(Await(pipe.writer.Write(Row("b@example.org"))).ok());
  pipe.writer.Close();
  const auto response = *Await(outcome);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->created(), 2);
  const auto users = Await(rpc_.ListUsers(call_, ListUsersRequest()));
  ASSERT_TRUE(users.ok()) << users.status();
  ASSERT_EQ(users->users_size(), 2);
  EXPECT_EQ(TimeFrom(users->users(0).create_time()), first);
  EXPECT_EQ(TimeFrom(users->users(1).create_time()), first + absl::Hours(1));
}

TEST_P(UsersSuite, ABrokenImportKeepsWhatWasDone) {
  auto pipe = MakePipe<ImportUsersRequest>(16);
  const auto outcome =
      AsStatusOr(rpc_.ImportUsers(call_, std::move(pipe.stream)));
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(
        Await(pipe.writer.Write(Row(StrCat("u", i, "@example.org")))).ok());
  }
  pipe.writer.Fail(absl::CancelledError("gone"));
  EXPECT_EQ((*Await(outcome)).status().code(), StatusCode::kCancelled);
  // One batch of three; the fourth was read before the error, and counts.
  EXPECT_THAT(Emitted(), SizeIs(4));
}

TEST_P(UsersSuite, ExportGoesThroughPages) {
  std::vector<std::string> all;
  for (int i = 0; i < 10; ++i) {
    all.push_back(Create(StrCat("u", i, "@example.org"))->email());
  }
  const auto exported = [this](const ::users::v1::ExportUsersRequest& request) {
    std::vector<User> users;
    const auto responses = Await(rpc_.ExportUsers(call_, request).Collect());
    EXPECT_TRUE(responses.ok()) << responses.status();
    for (const ExportUsersResponse& one : *responses) {
      users.push_back(one.user());
    }
    return users;
  };
  const std::vector<User> users = exported({});
  EXPECT_EQ(EmailsOf(users), all);
  ::users::v1::ExportUsersRequest rest;
  rest.set_after_id(users[6].id());
  EXPECT_THAT(EmailsOf(exported(rest)), ElementsAre(all[7], all[8], all[9]));
  rest.clear_after_id();
  rest.set_state(::users::v1::USER_STATE_DELETED);
  EXPECT_THAT(exported(rest), IsEmpty());
}

TEST_P(UsersSuite, ExportReadsNoFurtherThanItsReader) {
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(Create(StrCat("u", i, "@example.org")).ok());
  }
  Stream<ExportUsersResponse> stream = rpc_.ExportUsers(call_, {});
  ASSERT_TRUE(Await(stream.Next()).ok());
  // Whoever comes now is behind all others, and on a page to be read.
  ASSERT_TRUE(Create("late@example.org").ok());
  std::vector<User> users;
  while (true) {
    const auto next = *Await(stream.Next());
    if (!next) break;
    users.push_back(next->user());
  }
  ASSERT_THAT(users, SizeIs(60));
  EXPECT_EQ(users.back().email(), "late@example.org");
}

TEST_P(UsersSuite, AnExportMayBeLeft) {
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(Create(StrCat("u", i, "@example.org")).ok());
  }
  Stream<ExportUsersResponse> stream = rpc_.ExportUsers(call_, {});
  ASSERT_TRUE(Await(stream.Next()).ok());
  stream.Cancel();
  EXPECT_EQ(Await(database_->Ping()), absl::OkStatus());
}

}  // namespace
}  // namespace millrace::users
