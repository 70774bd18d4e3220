#include "services/users/sessions_suite.h"
#include "services/users/users_suite.h"

namespace millrace::users {
namespace {

INSTANTIATE_TEST_SUITE_P(Postgres, UsersSuite,
                         ::testing::Values(testing::PostgresBackend()),
                         testing::NameOf);
INSTANTIATE_TEST_SUITE_P(Postgres, SessionsSuite,
                         ::testing::Values(testing::PostgresBackend()),
                         testing::NameOf);

}  // namespace
}  // namespace millrace::users
