#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/strings.h"
#include "store/postgres_value.h"
#include "store/row.h"
#include "store/value.h"

namespace millrace::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Value, TakesWhatCodeHas) {
  EXPECT_TRUE(Value().is_null());
  EXPECT_TRUE(Value(nullptr).is_null());
  EXPECT_TRUE(Value(std::optional<int>()).is_null());
  EXPECT_EQ(Value(std::optional<int>(3)), Value(int64_t{3}));
  EXPECT_EQ(Value(true).type_name(), "a boolean");
  EXPECT_EQ(Value(1).type_name(), "an integer");
  EXPECT_EQ(Value(1u).type_name(), "an integer");
  EXPECT_EQ(Value(1.0).type_name(), "a double");
  EXPECT_EQ(Value("x").type_name(), "text");
  EXPECT_EQ(Value(std::string_view("x")).type_name(), "text");
  EXPECT_EQ(Value(Bytes{"x"}).type_name(), "bytes");
}

std::string Thrown(const std::function<void()>& f) {
  try {
    f();
  } catch (const StatusError& e) {
    EXPECT_EQ(e.status().code(), absl::StatusCode::kInternal);
    return std::string(MessageOf(e.status()));
  }
  return "nothing";
}

TEST(Row, NamesTheColumnThatIsWrong) {
  const Row row(std::make_shared<const std::vector<std::string>>(
                    std::vector<std::string>{"id", "name"}),
                {Value(7), Value()});
  EXPECT_EQ(row.Int("id"), 7);
  EXPECT_EQ(row.Double("id"), 7.0);
  EXPECT_TRUE(row.IsNull("name"));
  EXPECT_THAT(Thrown([&] { row.Int("nam"); }),
              AllOf(HasSubstr("\"nam\""), HasSubstr("id, name")));
  EXPECT_EQ(Thrown([&] { row.Text("id"); }),
            "column \"id\" is an integer, not text");
  EXPECT_EQ(Thrown([&] { row.Text("name"); }),
            "column \"name\" is NULL, not text");
  EXPECT_EQ(Thrown([&] { row.Bool("id"); }),
            "column \"id\" is an integer, not a boolean");
}

TEST(PostgresValue, KeepsEveryBit) {
  constexpr unsigned kFloat8 = 701;
  for (const double value :
       {0.1, 1.0 / 3, -2.5e-300, std::numeric_limits<double>::max(),
        std::numeric_limits<double>::denorm_min(),
        std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(FromPostgresText(kFloat8, ToPostgresText(value)), Value(value));
  }
  constexpr unsigned kInt8 = 20;
  for (const int64_t value : {std::numeric_limits<int64_t>::min(),
                              std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(FromPostgresText(kInt8, ToPostgresText(value)), Value(value));
  }
  constexpr unsigned kBytea = 17;
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_EQ(FromPostgresText(kBytea, ToPostgresText(Bytes{all})),
            Value(Bytes{all}));
  EXPECT_EQ(FromPostgresText(kBytea, "\\x"), Value(Bytes{}));
}

TEST(PostgresValue, NumericIsAnIntegerWhereItCanBe) {
  constexpr unsigned kNumeric = 1700;
  EXPECT_EQ(FromPostgresText(kNumeric, "42"), Value(42));
  EXPECT_EQ(FromPostgresText(kNumeric, "2.50"), Value(2.5));
  EXPECT_EQ(FromPostgresText(kNumeric, "99999999999999999999"), Value(1e20));
}

}  // namespace
}  // namespace millrace::store
