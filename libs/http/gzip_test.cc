#include "http/gzip.h"

#include <gmock/gmock.h>

#include <string>

namespace millrace::http {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

std::string Text(size_t size) {
  std::string text;
  while (text.size() < size) {
    text += std::to_string(text.size() * 2654435761u) + " mill race ";
  }
  text.resize(size);
  return text;
}

TEST(GzipTest, GivesBackWhatWasPutIn) {
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{70'000}, size_t{1} << 20}) {
    const std::string text = Text(size);
    const auto back = Gunzip(Gzip(text), size);
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(*back, text);
  }
}

TEST(GzipTest, MakesTextSmaller) {
  EXPECT_LT(Gzip(Text(100'000)).size(), 60'000u);
}

TEST(GzipTest, StopsAtTheLimit) {
  const std::string bomb = Gzip(std::string(size_t{64} << 20, 'a'));
  ASSERT_LT(bomb.size(), size_t{1} << 20);
  const auto expanded = Gunzip(bomb, 1000);
  EXPECT_EQ(expanded.status().code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(expanded.status().message()), HasSubstr("1000"));
  EXPECT_TRUE(Gunzip(Gzip(std::string(1000, 'a')), 1000).ok());
  EXPECT_FALSE(Gunzip(Gzip(std::string(1001, 'a')), 1000).ok());
}

TEST(GzipTest, RefusesWhatIsNotWhole) {
  const std::string whole = Gzip(Text(5000));
  for (size_t size = 0; size < whole.size(); size += 97) {
    EXPECT_EQ(Gunzip(whole.substr(0, size), 10'000).status().code(),
              StatusCode::kInvalidArgument)
        << size;
  }
  EXPECT_EQ(Gunzip(whole + "x", 10'000).status().code(),
            StatusCode::kInvalidArgument);
  std::string wrong = whole;
  wrong[whole.size() - 6] ^= 1;  // of the checksum
  EXPECT_EQ(Gunzip(wrong, 10'000).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(Gunzip("no gzip at all", 10'000).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(GzipTest, KnowsWhoTakesIt) {
  EXPECT_TRUE(TakesGzip("gzip"));
  EXPECT_TRUE(TakesGzip("br, GZIP;q=0.5"));
  EXPECT_TRUE(TakesGzip("identity,gzip"));
  EXPECT_FALSE(TakesGzip(""));
  EXPECT_FALSE(TakesGzip("br, deflate"));
  EXPECT_FALSE(TakesGzip("gzip;q=0"));
  EXPECT_FALSE(TakesGzip("gzip; q=0.000, br"));
  EXPECT_FALSE(TakesGzip("x-gzip2"));
}

}  // namespace
}  // namespace millrace::http
