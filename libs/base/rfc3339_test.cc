#include "base/rfc3339.h"

#include <gtest/gtest.h>

#include <random>

#include "base/strings.h"

namespace millrace {
namespace {

TEST(Rfc3339, FormatsInUtcWithTheDigitsThatThereAre) {
  EXPECT_EQ(FormatRfc3339(absl::UnixEpoch()), "1970-01-01T00:00:00+00:00");
  EXPECT_EQ(FormatRfc3339(absl::FromUnixMillis(1'700'000'000'120)),
            "2023-11-14T22:13:20.12+00:00");
  EXPECT_EQ(FormatRfc3339(absl::FromUnixNanos(-1)),
            "1969-12-31T23:59:59.999999999+00:00");
}

// What absl does is the reference, for times of all sizes.
TEST(Rfc3339, IsWhatAbslFormatsAndParses) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const int64_t seconds =
        static_cast<int64_t>(random() % 400'000'000'000) - 100'000'000'000;
    absl::Time time = absl::FromUnixSeconds(seconds);
    // From whole seconds down to nanoseconds.
    int64_t unit = 1;
    for (int digits = static_cast<int>(random() % 10); digits > 0; --digits) {
      unit *= 10;
    }
    time += absl::Nanoseconds(static_cast<int64_t>(random() % 1'000'000'000) /
                              unit * unit);
    const std::string text =
        absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
    ASSERT_EQ(FormatRfc3339(time), text);
    const absl::StatusOr<absl::Time> parsed = ParseRfc3339(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    ASSERT_EQ(*parsed, time) << text;
  }
}

// Damaged at one place, it is read as absl reads it, or refused as by it.
TEST(Rfc3339, AcceptsAndRefusesWhatAbslDoes) {
  std::mt19937_64 random(2);
  const std::string_view alphabet = "0123456789-+:.TZ tz/";
  for (int i = 0; i < 50'000; ++i) {
    std::string text = i % 2 == 0 ? "2024-02-29T23:59:59.123456789Z"
                                  : "2023-06-30T00:00:00+00:00";
    const size_t at = random() % text.size();
    switch (random() % 3) {
      case 0:
        text[at] = alphabet[random() % alphabet.size()];
        break;
      case 1:
        text.erase(at, 1 + random() % 3);
        break;
      default:
        text.insert(at, 1, alphabet[random() % alphabet.size()]);
    }
    absl::Time wanted;
    const bool good =
        absl::ParseTime(absl::RFC3339_full, text, &wanted, nullptr);
    const absl::StatusOr<absl::Time> parsed = ParseRfc3339(text);
    ASSERT_EQ(parsed.ok(), good) << text;
    if (good) {
      ASSERT_EQ(*parsed, wanted) << text;
    }
  }
}

TEST(Rfc3339, SaysWhatIsWrong) {
  for (const char* text :
       {"", "yesterday", "2023-02-29T00:00:00Z", "2023-06-31T00:00:00Z",
        "2023-13-01T00:00:00Z", "2023-01-01T24:00:01Z", "2023-01-01"}) {
    const absl::Status status = ParseRfc3339(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(MessageOf(status).substr(0, 2 + std::string_view(text).size()),
              StrCat("'", text, "'"));
  }
}

}  // namespace
}  // namespace millrace
