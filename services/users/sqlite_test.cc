#include "services/users/sessions_suite.h"
#include "services/users/users_suite.h"

namespace millrace::users {
namespace {

INSTANTIATE_TEST_SUITE_P(Sqlite, UsersSuite,
                         ::testing::Values(testing::SqliteBackend()),
                         testing::NameOf);
INSTANTIATE_TEST_SUITE_P(Sqlite, SessionsSuite,
                         ::testing::Values(testing::SqliteBackend()),
                         testing::NameOf);

}  // namespace
}  // namespace millrace::users
