#include "services/templates/templates_suite.h"

namespace millrace::templates {
namespace {

INSTANTIATE_TEST_SUITE_P(Sqlite, TemplatesSuite,
                         ::testing::Values(testing::SqliteBackend()),
                         testing::NameOf);

}  // namespace
}  // namespace millrace::templates
