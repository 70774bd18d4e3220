#include "services/users/search.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "contract/page_token.h"
#include "contract/rules.h"
#include "services/users/users_suite.h"
#include "users/v1/users.millrace.h"

namespace millrace::users {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::users::v1::User;

TEST(SearchTokenTest, IsReadAsItWasWritten) {
  for (const SearchToken& token :
       {SearchToken{.key = "ada@example.org"},
        SearchToken{.by_name = true,
        .key = "ada \xC3\xA9",
        .id = "018f3c5e-7b1a-7c3d-9a52-0f1e2d3c4b5a"}}) {
    EXPECT_EQ(*SearchToken::Parse(token.ToString()), token);
  }
  EXPECT_EQ(*SearchToken::Parse(""), SearchToken());
}

TEST(SearchTokenTest, OthersTokensAreRefused) {
  for (const char* key : {"018f3c5e", "x", "n", "n018f3c5e"}) {
    EXPECT_EQ(SearchToken::Parse(WritePageToken(key)).status().code(),
              absl::StatusCode::kInvalidArgument)
        << key;
  }
  EXPECT_FALSE(SearchToken::Parse("?").ok());
}

class UsersSearch {
 public:
  // All pages of a search, page by page; `between` runs after each.
  template <typename Suite>
  static std::vector<std::string> Emails(
      Suite& suite, const std::string& prefix, int page_size,
      const std::function<void()>& between = [] {}) {
    ::users::v1::SearchUsersRequest request;
    request.set_prefix(prefix);
    request.set_page_size(page_size);
    std::vector<std::string> emails;
    do {
      const absl::Status taken =
          rules::Validate<::users::v1::SearchUsersRequest>(request);
      EXPECT_TRUE(taken.ok()) << taken;
      const auto page = suite(request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      EXPECT_LE(page->users_size(), page_size);
      for (const User& user : page->users()) emails.push_back(user.email());
      request.set_page_token(page->next_page_token());
      between();
    } while (!request.page_token().empty());
    return emails;
  }
};

TEST_P(UsersSuite, SearchFindsAddressesThenNames) {
  ASSERT_TRUE(Create("ann@example.org", "Zoe").ok());
  ASSERT_TRUE(Create("anton@example.org", "Anton").ok());
  ASSERT_TRUE(Create("zed@example.org", "ANNA").ok());
  ASSERT_TRUE(Create("yan@example.org", "anna").ok());
  ASSERT_TRUE(Create("bob@example.org", "Joanna").ok());
  const auto search = [this](const auto& request) {
    return Await(rpc_.SearchUsers(call_, request));
  };
  for (int page_size : {1, 2, 3, 50}) {
    EXPECT_THAT(UsersSearch::Emails(search, "An", page_size),
                ElementsAre("ann@example.org", "anton@example.org",
                            "zed@example.org", "yan@example.org"))
        << page_size;
  }
  EXPECT_THAT(UsersSearch::Emails(search, "x", 2), IsEmpty());
}

TEST_P(UsersSuite, SearchTakesCharactersAsTheyAre) {
  ASSERT_TRUE(Create("a@example.org", "100% sure").ok());
  ASSERT_TRUE(Create("b@example.org", "100 times").ok());
  ASSERT_TRUE(Create("c@example.org", "\xC3\x85ngstr\xC3\xB6m").ok());
  ASSERT_TRUE(Create("d@example.org", "under_score").ok());
  const auto search = [this](const auto& request) {
    return Await(rpc_.SearchUsers(call_, request));
  };
  EXPECT_THAT(UsersSearch::Emails(search, "100%", 9),
              ElementsAre("a@example.org"));
  EXPECT_THAT(UsersSearch::Emails(search, "\xC3\x85ng", 9),
              ElementsAre("c@example.org"));
  EXPECT_THAT(UsersSearch::Emails(search, "under-", 9), IsEmpty());
}

TEST_P(UsersSuite, SearchGoesThroughTheLongestNames) {
  std::string name;
  for (int i = 0; i < 100; ++i) name += "\U0001F600";
  std::vector<std::string> emails;
  for (int i = 0; i < 3; ++i) {
    ::users::v1::CreateUserRequest request;
    request.set_email(StrCat(i, "@example.org"));
    request.set_display_name(name);
    ASSERT_TRUE(rules::Validate<::users::v1::CreateUserRequest>(request).ok());
    ASSERT_TRUE(Await(rpc_.CreateUser(call_, request)).ok());
    emails.push_back(request.email());
  }
  const auto search = [this](const auto& request) {
    return Await(rpc_.SearchUsers(call_, request));
  };
  EXPECT_EQ(UsersSearch::Emails(search, name, 1), emails);
}

TEST_P(UsersSuite, SearchFollowsANewName) {
  const User ada = *Create("a@example.org", "Ada");
  ::users::v1::UpdateUserRequest request;
  request.set_id(ada.id());
  request.mutable_user()->set_display_name("Countess");
  ASSERT_TRUE(Await(rpc_.UpdateUser(call_, request)).ok());
  const auto search = [this](const auto& request) {
    return Await(rpc_.SearchUsers(call_, request));
  };
  EXPECT_THAT(UsersSearch::Emails(search, "Ada", 9), IsEmpty());
  EXPECT_THAT(UsersSearch::Emails(search, "count", 9),
              ElementsAre("a@example.org"));
}

// Whoever is there from the first page to the last is on exactly one.
TEST_P(UsersSuite, PagesSurviveWrites) {
  std::mt19937 random(20);
  const auto pick = [&](size_t n) { return random() % n; };
  int made = 0;
  std::map<std::string, std::string> ids;  // by address, of who is there
  const auto create = [&] {
    const std::string email = StrCat("p", pick(1000), ".", made++, "@x.org");
    ids[email] = Create(email, StrCat("Person ", pick(5)))->id();
  };
  const auto remove = [&](std::set<std::string>& throughout) {
    const auto victim = std::next(ids.begin(), pick(ids.size()));
    EXPECT_TRUE(Delete(victim->second).ok());
    throughout.erase(victim->first);
    ids.erase(victim);
  };
  const auto search = [this](const auto& request) {
    return Await(rpc_.SearchUsers(call_, request));
  };
  const auto list = [this](const ::users::v1::SearchUsersRequest& request) {
    ::users::v1::ListUsersRequest all;
    all.set_page_size(request.page_size());
    all.set_page_token(request.page_token());
    return Await(rpc_.ListUsers(call_, all));
  };
  for (int i = 0; i < 60; ++i) create();
  for (int round = 0; round < 8; ++round) {
    std::set<std::string> throughout;
    for (const auto& [email, id] : ids) throughout.insert(email);
    const auto write = [&] {
      create();
      remove(throughout);
    };
    const int page_size = 1 + static_cast<int>(pick(9));
    const std::vector<std::string> seen =
        round % 2 == 0 ? UsersSearch::Emails(search, "p", page_size, write)
                       : UsersSearch::Emails(list, "p", page_size, write);
    for (const std::string& email : throughout) {
      EXPECT_EQ(std::count(seen.begin(), seen.end(), email), 1) << email;
    }
    std::set<std::string> once(seen.begin(), seen.end());
    EXPECT_EQ(once.size(), seen.size()) << "somebody is on two pages";
  }
}

}  // namespace
}  // namespace millrace::users
