// What templates and data made to harm are given before a bound stops them:
// counted, where no error tells of it.
#include <gtest/gtest.h>

#include <utility>

#include "services/templates/engine/helpers.h"
#include "services/templates/engine/key_hash.h"
#include "services/templates/engine/testing.h"

namespace millrace::templates {
namespace {

// What a helper makes is not made first and found too long then.
TEST(Hostile, HelpersStopWhereThereIsNoMoreRoom) {
  const auto text_of = [](std::string_view text) {
    Value value;
    value.kind = Kind::kString;
    value.size = static_cast<uint32_t>(text.size());
    value.text = text.data();
    return value;
  };
  const auto size_of = [](std::string_view helper, const HelperCall& call) {
    std::string text;
    EXPECT_TRUE(BuiltInHelpers().Find(helper)->run(call, &text).ok());
    return text.size();
  };
  const std::string number = "1" + std::string(100, '0');
  const std::string marks(20'000, '#');
  const std::string group(500, 'g');
  const std::string signs = std::string(20'000, '&') + std::string(32, '\0');
  const std::string_view value = std::string_view(signs).substr(0, 20'000);
  for (const size_t room : {0, 1000}) {
    const std::pair<size_t, size_t> made[] = {
        {size_of("plural", {.values = {text_of(number)},
                            .options = {{"other", text_of(marks)}},
                            .room = room}),
         number.size()},
        {size_of("number", {.values = {text_of("1e20")},
                            .options = {{"decimals", text_of("0")},
                                        {"group", text_of(group)}},
                            .room = room}),
         group.size() + 3},
        {size_of("url", {.values = {text_of(value)}, .room = room}),
         2 * room + 3}};
    for (const auto& [size, more] : made) {
      EXPECT_GT(size, room);
      EXPECT_LE(size, room + more);
    }
  }
}

// A name is text of the data, which may be long; there is none of that size.
TEST(Hostile, ALongDynamicNameIsNotRead) {
  const auto program = Program::Compile(
      "{{>*n}}.{{<*n}}{{/*n}}", {},
      PartialMap(
          std::map<std::string, std::string, std::less<>>{{"name", "x"}}));
  ASSERT_TRUE(program.ok());
  Value name;
  name.kind = Kind::kString;
  name.size = 2 << 20;       // of a text that is not there
  const char key[32] = "n";  // what is compared is whole blocks
  const Member member = {
      .hash = HashKey("n"), .key_size = 1, .key = key, .value = name};
  Value data;
  data.kind = Kind::kObject;
  data.size = 1;
  data.members = &member;
  Renderer renderer;
  renderer.Start(*program, data);
  ASSERT_TRUE(renderer.Step(1000).ok());
  EXPECT_EQ(renderer.output(), ".");
}

// What it takes to tell which fields a template reads. The last operation of
// the walk may be a large one.
TEST(Hostile, FieldsAreToldInBoundedSteps) {
  const auto steps_of = [](const std::string& body, size_t fields) {
    const auto program = Program::Compile(
        "{{>p}}", {},
        PartialMap(
            std::map<std::string, std::string, std::less<>>{{"p", body}}));
    EXPECT_TRUE(program.ok()) << program.status();
    size_t steps = 0;
    EXPECT_EQ(program->Fields(&steps).size(), fields);
    return steps;
  };
  const std::string blocks = Repeat("{{$b}}{{d}}{{/b}}", 200);
  // A parent that names itself.
  EXPECT_LT(steps_of("{{<p}}{{/p}}" + blocks, 1), 100'000);
  // So often that there is no end of the ways in.
  const size_t most = kMaxFieldSteps + 1000;
  const std::string parents = Repeat("{{<p}}{{$b}}{{x}}{{/b}}{{/p}}", 10);
  EXPECT_LT(steps_of(parents + blocks, 2), most);
  // With many overrides of which none is meant, and with dynamic names.
  std::string overrides;
  for (int i = 0; i < 1000; ++i) {
    overrides +=
        "{{$x" + std::to_string(i) + "}}{{/x" + std::to_string(i) + "}}";
  }
  EXPECT_LT(steps_of("{{<p}}" + overrides + "{{/p}}" + blocks, 1), most);
  EXPECT_LT(steps_of(Repeat("{{#s}}{{>*n}}{{<*n}}{{/*n}}{{/s}}", 10), 18),
            most);
}

}  // namespace
}  // namespace millrace::templates
