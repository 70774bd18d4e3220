#include <gtest/gtest.h>

#include "runtime/config.h"
#include "services/templates/cache.h"
#include "services/templates/settings.pb.h"

namespace millrace::templates {
namespace {

// What stands in the schema and in the code.
TEST(TemplatesSettingsTest, DefaultsAreThoseOfTheOptions) {
  const TemplatesSettings settings;
  const CacheOptions options;
  EXPECT_EQ(settings.cache_entries(), options.max_entries);
  EXPECT_EQ(settings.cache_bytes(), options.max_bytes);
  EXPECT_EQ(runtime::DurationOf(settings.cache_max_age()), options.max_age);
}

}  // namespace
}  // namespace millrace::templates
