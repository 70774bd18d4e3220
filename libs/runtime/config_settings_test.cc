// What modules add to the configuration, by the greeter's settings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/runtime/testdata/settings.pb.h"
#include "runtime/config_print.h"
#include "runtime/config_values.h"
#include "runtime/testdata/config_fixture.h"

namespace millrace::runtime {
namespace {

using testdata::GreeterSettings;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class ModuleSettingsTest : public ConfigTest {
 protected:
  GreeterSettings Greeter() {
    return Load().settings().GetExtension(GreeterSettings::greeter);
  }
};

TEST_F(ModuleSettingsTest, HaveTheDefaultsOfTheirSchema) {
  EXPECT_EQ(Greeter().salutation(), "hello");
  EXPECT_EQ(Greeter().voice().loudness(), 3);
}

TEST_F(ModuleSettingsTest, ComeFromFileEnvironmentAndFlags) {
  Yaml("settings: {greeter: {salutation: goodbye, voice: {loudness: 5}}}\n");
  EXPECT_EQ(Greeter().salutation(), "goodbye");
  EXPECT_EQ(Greeter().voice().loudness(), 5);
  Environment("MILLRACE_SETTINGS_GREETER_VOICE_LOUDNESS", "6");
  EXPECT_EQ(Greeter().voice().loudness(), 6);
  Set("settings.greeter.voice.loudness", "7");
  EXPECT_EQ(Greeter().voice().loudness(), 7);
  EXPECT_EQ(Greeter().salutation(), "goodbye");
}

TEST_F(ModuleSettingsTest, WhatIsWrongIsToldAtOnceWithItsPlace) {
  Yaml(
      "settings:\n"
      "  greeter:\n"
      "    salutation: hallo\n"
      "    voice: {loudnes: 4}\n"
      "  greter: {}\n");
  Environment("MILLRACE_SETTINGS_GREETER_VOICE_LOUDNESS", "11");
  Set("settings.greeter.voice.password", "secret");
  const std::string error = Error();
  EXPECT_THAT(error,
              HasSubstr("config.yaml:3:17: settings.greeter.salutation must be "
                        "one of hello, good day, goodbye, not 'hallo'; did you "
                        "mean 'hello'?"));
  EXPECT_THAT(error, HasSubstr("config.yaml:4:13: unknown key "
                               "'settings.greeter.voice.loudnes'; did you mean "
                               "'settings.greeter.voice.loudness'?"));
  EXPECT_THAT(error, HasSubstr("config.yaml:5:3: unknown key "
                               "'settings.greter'; did you mean "
                               "'settings.greeter'?"));
  EXPECT_THAT(error, HasSubstr("MILLRACE_SETTINGS_GREETER_VOICE_LOUDNESS: "
                               "settings.greeter.voice.loudness must be 0 to "
                               "10, not 11"));
  EXPECT_THAT(error, HasSubstr("settings.greeter.voice.password is a secret"));
}

TEST_F(ModuleSettingsTest, ArePrintedWithWhereTheyComeFrom) {
  Environment("MILLRACE_SETTINGS_GREETER_VOICE_PASSWORD", "hush");
  Set("settings.greeter.voice.loudness", "7");
  const auto loaded = LoadConfigWithPlaces(sources_);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const std::string text = PrintConfig(*loaded);
  EXPECT_THAT(text,
              HasSubstr("\nsettings:\n  greeter:\n    salutation: hello"));
  EXPECT_THAT(text,
              testing::ContainsRegex("salutation: hello +# default \\*\n"));
  EXPECT_THAT(text,
              testing::ContainsRegex("loudness: 7 +# --set settings.greeter"));
  EXPECT_THAT(text, Not(HasSubstr("hush")));
}

TEST_F(ModuleSettingsTest, OnlyThoseThatMayChangeAreTaken) {
  EXPECT_THAT(ReloadablePaths(), Contains("settings.greeter.salutation"));
  EXPECT_FALSE(Reloadable("settings.greeter.voice.loudness"));
  Config running = Load();
  Set("settings.greeter.salutation", "goodbye");
  Set("settings.greeter.voice.loudness", "7");
  TakeReloadable(Load(), running);
  const GreeterSettings& greeter =
      running.settings().GetExtension(GreeterSettings::greeter);
  EXPECT_EQ(greeter.salutation(), "goodbye");
  EXPECT_EQ(greeter.voice().loudness(), 3);
}

}  // namespace
}  // namespace millrace::runtime
