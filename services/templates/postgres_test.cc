#include "services/templates/templates_suite.h"

namespace millrace::templates {
namespace {

INSTANTIATE_TEST_SUITE_P(Postgres, TemplatesSuite,
                         ::testing::Values(testing::PostgresBackend()),
                         testing::NameOf);

}  // namespace
}  // namespace millrace::templates
