#include "services/admin/testing/admin_test.h"

namespace millrace::admin {
namespace {

// Made before the tests begin: it may own a server that ends with them.
const testing::Backend kBackend = testing::PostgresBackend();

}  // namespace

const testing::Backend& TestedBackend() { return kBackend; }

}  // namespace millrace::admin
