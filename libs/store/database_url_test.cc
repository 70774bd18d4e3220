#include "store/database_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"

namespace millrace::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

absl::StatusOr<DatabaseUrl> Parse(std::string_view url) {
  return ParseDatabaseUrl(url, absl::Seconds(5));
}

TEST(DatabaseUrl, Sqlite) {
  EXPECT_EQ(Parse("sqlite:///var/lib/a b.db")->target, "/var/lib/a b.db");
  EXPECT_EQ(Parse("sqlite://data/x.db")->target, "data/x.db");
  EXPECT_EQ(Parse("sqlite:///x.db")->display, "sqlite:///x.db");
  EXPECT_FALSE(Parse("sqlite:///x.db")->only_read);
  EXPECT_TRUE(Parse("sqlite:///x.db?mode=ro")->only_read);
  EXPECT_EQ(Parse("sqlite:///x.db?mode=ro")->display, "sqlite:///x.db");
  EXPECT_TRUE(Parse("sqlite::memory:")->in_memory());
  EXPECT_FALSE(Parse("sqlite:///memory:")->in_memory());
}

TEST(DatabaseUrl, PostgresHidesUserAndPassword) {
  const auto url = Parse("postgresql://ann:s%40cret@db.example:6432/users");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->dialect, Dialect::kPostgres);
  EXPECT_EQ(url->display, "postgresql://db.example:6432/users");
  EXPECT_THAT(url->target, AllOf(HasSubstr("connect_timeout=5"),
                                 HasSubstr("target_session_attrs=read-write")));
}

TEST(DatabaseUrl, PostgresKeepsTheOptionsGiven) {
  const auto url = Parse(
      "postgres://h/d?connect_timeout=9&sslmode=disable&"
      "target_session_attrs=any");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->display, "postgresql://h/d");
  EXPECT_THAT(url->target, AllOf(HasSubstr("connect_timeout=9&sslmode=disable"),
                                 HasSubstr("target_session_attrs=any"),
                                 Not(HasSubstr("connect_timeout=5")),
                                 Not(HasSubstr("read-write"))));
}

TEST(DatabaseUrl, SaysWhatIsWrong) {
  for (const auto& [url, what] :
       std::vector<std::pair<std::string, std::string>>{
           {"", "empty"},
           {"users.db", "scheme is missing"},
           {"mysql://h/d", "unknown scheme \"mysql\""},
           {"sqlite://", "path is missing"},
           {"sqlite:///a=b", "'='"},
           {"sqlite://?mode=ro", "path is missing"},
           {"sqlite:///a?mode=rw", "'='"},
           {"sqlite:///a\"b?mode=ro", "mode=ro"},
           {"postgresql://h/d?sslmod=disable", "sslmod"},
           {"postgresql://u:a/b@h/d", "'/' as %2F"},
           {"postgresql://u:a/d", "the port is no number"},
           {"postgresql://h/d e", "percent-encoded"}}) {
    const auto parsed = Parse(url);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(MessageOf(parsed.status()),
                AllOf(HasSubstr(what), HasSubstr("expected sqlite")))
        << url;
  }
}

TEST(DatabaseUrl, PostgresOfSeveralHosts) {
  const auto url = Parse("postgresql://ann:x@one:5432,two:5433/d?user=a%40b");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->display, "postgresql://one,two:5432,5433/d");
}

TEST(DatabaseUrl, NeverPrintsAPassword) {
  for (const char* url :
       {"postgresql://ann:hunter2%zz@h/d", "postgresql://ann:hunter2@h:x y/d",
        "postgresql://ann:hunter2@h/d?nonsense=1",
        "postgresql://h/d?password=hunter2%zz",
        "postgresql://ann:hunter2@[::1/d",
        // What libpq reads otherwise than it is meant.
        "postgresql://ann:Zx/hunter2@h:5432/d", "postgresql://ann:hunter2/x@h",
        "postgresql://ann:hunter2?x@h/d", "postgresql://ann:Zx@hunter2@h/d",
        "postgresql://ann:hunter2/d", "postgresql://h/d?port=hunter2"}) {
    const auto parsed = Parse(url);
    EXPECT_FALSE(parsed.ok()) << url;
    EXPECT_THAT(MessageOf(parsed.status()), Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace millrace::store
