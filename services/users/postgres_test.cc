#include "services/users/users_suite.h"

namespace millrace::users {
namespace {

INSTANTIATE_TEST_SUITE_P(Postgres, UsersSuite,
                         ::testing::Values(testing::PostgresBackend()),
                         testing::NameOf);

}  // namespace
}  // namespace millrace::users
