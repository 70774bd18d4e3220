#include "services/templates/engine/time_zones.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "services/templates/engine/testing.h"

namespace millrace::templates {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TimeZonesTest : public ::testing::Test {
 protected:
  TimeZonesTest() {
    std::string path = ::testing::TempDir() + "zones-XXXXXX";
    folder_ = mkdtemp(path.data());
  }
  ~TimeZonesTest() override { fs::remove_all(folder_); }

  void Write(const std::string& name) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << "TZif2";
  }
  std::vector<std::string> Names() const { return TimeZones(folder_).Names(); }

  fs::path folder_;
};

TEST_F(TimeZonesTest, AreTheFilesOfTheDatabase) {
  for (const char* name :
       {"Europe/Vienna", "America/Argentina/Salta", "Etc/GMT+5", "EST5EDT",
        // Not zones, or those above once more.
        "posix/Europe/Vienna", "right/Europe/Vienna", "posixrules", "localtime",
        "leapseconds", "zone.tab", "tzdata.zi", "+VERSION"}) {
    Write(name);
  }
  ASSERT_EQ(mkfifo((folder_ / "Europe/Pipe").c_str(), 0600), 0);
  EXPECT_THAT(Names(), ElementsAre("America/Argentina/Salta", "EST5EDT",
                                   "Etc/GMT+5", "Europe/Vienna", "UTC"));
}

TEST_F(TimeZonesTest, MayBeLinks) {
  Write("Europe/Vienna");
  Write("..data/Asia/Tokyo");
  fs::create_symlink("Europe/Vienna", folder_ / "Austria");
  fs::create_symlink("Vienna", folder_ / "Europe/Graz");
  fs::create_symlink("..data/Asia", folder_ / "Asia");
  fs::create_symlink("nowhere", folder_ / "Nowhere");
  fs::create_symlink("/dev/zero", folder_ / "Zero");
  EXPECT_THAT(Names(), ElementsAre("Asia/Tokyo", "Austria", "Europe/Graz",
                                   "Europe/Vienna", "UTC"));
  // The database may be one itself.
  fs::create_symlink(folder_, folder_ / "link");
  EXPECT_EQ(TimeZones(folder_ / "link").Names(), Names());
}

TEST_F(TimeZonesTest, LinksThatLeadBackAreFollowedAFewTimes) {
  Write("UTC");
  fs::create_symlink(".", folder_ / "A");
  EXPECT_THAT(Names(), ElementsAre("A/A/UTC", "A/UTC", "UTC"));
  for (char c = 'B'; c <= 'Z'; ++c) {
    fs::create_symlink(".", folder_ / std::string(1, c));
  }
  for (int i = 0; i < 10; ++i) Write("Zone" + std::to_string(i));
  EXPECT_EQ(Names().size(), 5000);
}

TEST_F(TimeZonesTest, WithoutADatabaseThereIsUtc) {
  for (const fs::path& folder : {folder_, folder_ / "nowhere"}) {
    const TimeZones zones(folder);
    EXPECT_TRUE(zones.only_utc());
    EXPECT_EQ(zones.Find("UTC"), absl::UTCTimeZone());
    EXPECT_FALSE(zones.Find("Europe/Vienna"));
  }
}

// Names in other forms, of which each would be kept, or files elsewhere.
TEST_F(TimeZonesTest, AreKnownByTheirNamesOnly) {
  const TimeZones& zones = TimeZones::OfSystem();
  if (zones.only_utc()) GTEST_SKIP() << "tzdata is not installed";
  ASSERT_TRUE(zones.Find("Europe/Vienna"));
  EXPECT_EQ(zones.Find("Europe/Vienna")->name(), "Europe/Vienna");
  const fs::path copy = folder_ / "Copy";
  std::error_code error;  // where the database is elsewhere
  fs::copy_file("/usr/share/zoneinfo/Europe/Vienna", copy, error);
  const std::string up = "../../../../../../../..";
  for (const std::string& name :
       {std::string("Europe/./Vienna"), std::string("Europe//Vienna"),
        std::string("Europe/../Europe/Vienna"), std::string("Europe/Vienna/"),
        std::string("/usr/share/zoneinfo/Europe/Vienna"),
        std::string("posix/Europe/Vienna"), std::string("localtime"),
        std::string("file:Europe/Vienna"), std::string("Fixed/UTC+05:30:00"),
        std::string("Europe"), std::string("Nowhere/Nothing"), std::string(),
        copy.string(), up + copy.string(), std::string(2 << 20, 'A')}) {
    EXPECT_FALSE(zones.Find(name)) << name.substr(0, 100);
    const std::string message =
        Rendered("{{date 0 zone=z}}", "{\"z\": \"" + name + "\"}", Extended());
    EXPECT_THAT(message, HasSubstr("'date': there is no time zone '"));
    EXPECT_LT(message.size(), 1000);
  }
  EXPECT_FALSE(zones.Find(std::string_view("Europe/Vienna\0", 14)));
}

}  // namespace
}  // namespace millrace::templates
