// Templates and data made to harm, each with the bound that stops it. Whatever
// they do ends in an error that says which bound it was; see also
// hostile_steps_test.cc and tests/fuzz/templates.
#include <gtest/gtest.h>

#include <functional>

#include "services/templates/engine/testing.h"

namespace millrace::templates {
namespace {

struct Hostile {
  const char* name;
  std::string source;
  std::string json;
  std::map<std::string, std::string, std::less<>> partials;
  std::string stopped_by;  // the message, without its place
  Syntax syntax = Syntax::kMustache;
};

// Numbers "[1,2,...]" in lists of lists give loops in loops.
const std::string kTen = "[0,1,2,3,4,5,6,7,8,9]";

const Hostile kHostile[] = {
    {"a large source",
     std::string((256 << 10) + 1, 'x'),
     "{}",
     {},
     "'template' has 262145 bytes; at most 262144 are compiled"},
    {"many large partials", "{{>*name}}", R"({"name": "p1"})",
     [] {
       std::map<std::string, std::string, std::less<>> partials;
       for (int i = 0; i < 17; ++i) {
         partials["p" + std::to_string(i)] = std::string(256 << 10, 'x');
       }
       return partials;
     }(),
     "the template has more than 4194304 bytes with its partials"},
    {"many partials", "{{>*name}}", "{}",
     [] {
       std::map<std::string, std::string, std::less<>> partials;
       for (int i = 0; i < 1000; ++i) partials["p" + std::to_string(i)] = "x";
       return partials;
     }(),
     "the template is linked with more than 1000 partials"},
    {"deep sections",
     Repeat("{{#a}}", 65) + Repeat("{{/a}}", 65),
     "{}",
     {},
     "tags are nested deeper than 64"},
    {"deep blocks",
     Repeat("{{$a}}", 65) + Repeat("{{/a}}", 65),
     "{}",
     {},
     "tags are nested deeper than 64"},
    {"deep parents",
     Repeat("{{<a}}{{$b}}", 40) + Repeat("{{/b}}{{/a}}", 40),
     "{}",
     {},
     "tags are nested deeper than 64"},
    {"a long name",
     "{{" + std::string(257, 'x') + "}}",
     "{}",
     {},
     "the name is longer than 256 bytes"},
    {"a name of many parts",
     "{{" + Repeat("a.", 40) + "a}}",
     "{}",
     {},
     "the name has more than 32 parts"},
    {"a partial that calls itself",
     "{{>p}}",
     "{}",
     {{"p", "{{>p}}"}},
     "partials, parents and blocks are nested deeper than 64; does one of "
     "them call itself?"},
    {"partials that double", "{{>a}}", "{}",
     [] {
       std::map<std::string, std::string, std::less<>> partials;
       for (char c = 'a'; c < 'z'; ++c) {
         const std::string next = {'{', '{', '>', static_cast<char>(c + 1),
                                   '}', '}'};
         partials[std::string(1, c)] = next + next;
       }
       partials["z"] = "";
       return partials;
     }(),
     "rendering takes more than 1000000 steps"},
    {"a parent in its own block",
     "{{<p}}{{$b}}{{>q}}{{/b}}{{/p}}",
     "{}",
     {{"p", "{{$b}}{{/b}}"}, {"q", "{{<p}}{{$b}}{{>q}}{{/b}}{{/p}}"}},
     "partials, parents and blocks are nested deeper than 64; does one of "
     "them call itself?"},
    {"indentation that grows",
     "  {{>p}}\n",
     "{}",
     {{"p", "x\n  {{>p}}\n"}},
     "partials, parents and blocks are nested deeper than 64; does one of "
     "them call itself?"},
    {"a dynamic name that calls itself",
     "{{>*n}}",
     R"({"n": "p"})",
     {{"p", "{{>*n}}"}},
     "partials, parents and blocks are nested deeper than 64; does one of "
     "them call itself?"},
    {"loops in loops",
     Repeat("{{#l}}", 8) + "x" + Repeat("{{/l}}", 8),
     "{\"l\": " + kTen + "}",
     {},
     "rendering takes more than 1000000 steps"},
    {"much output",
     "{{#l}}{{#l}}{{#l}}{{t}}{{/l}}{{/l}}{{/l}}",
     "{\"l\": " + kTen + ", \"t\": \"" + std::string(2000, 't') + "\"}",
     {},
     "rendering makes more than 1048576 bytes"},
    {"output that grows by escaping",
     "{{t}}",
     "{\"t\": \"" + std::string(250 << 10, '&') + "\"}",
     {},
     "rendering makes more than 1048576 bytes"},
    {"a large value",
     "{{t}}",
     "{\"t\": \"" + std::string(2 << 20, 'x') + "\"}",
     {},
     "rendering makes more than 1048576 bytes"},
    {"names that are nowhere, looked for in many contexts",
     Repeat("{{#o}}", 60) + "{{#l}}" + Repeat("{{x}}", 2000) + "{{/l}}" +
         Repeat("{{/o}}", 60),
     "{\"o\": {}, \"l\": " + kTen + "}",
     {},
     "rendering takes more than 1000000 steps"},
    {"deep data",
     "{{x}}",
     Repeat("[", 101) + Repeat("]", 101),
     {},
     "data: line 1, column 101: nested deeper than 100"},
    {"much data",
     "{{x}}",
     "\"" + std::string(16 << 20, 'x') + "\"",
     {},
     "data: the data has 16777218 bytes; at most 16777216 are read"},
    {"a key twice",
     "{{x}}",
     R"({"x": 1, "x": 2})",
     {},
     "data: line 1, column 10: the key 'x' is there twice"},
    {"a number without end",
     "{{x}}",
     R"({"x": 1e999})",
     {},
     "data: the data has a number that is larger than any that can be "
     "rendered"},
    {"many steps out",
     "{{" + Repeat("../", 65) + "x}}",
     "{}",
     {},
     "the name leaves more than 64 contexts",
     Syntax::kExtended},
    {"a helper that is asked too much",
     "{{number 1 decimals=1000000000}}",
     "{}",
     {},
     "'number': '1000000000' is no count of decimals from 0 to 20",
     Syntax::kExtended},
    {"a number of many digits, many times",
     "{{plural n other=f}}",
     "{\"n\": \"1." + std::string(20'000, '0') + "\", \"f\": \"" +
         std::string(20'000, '#') + "\"}",
     {},
     "'plural': '1." + std::string(62, '0') + "...' is no number",
     Syntax::kExtended},
    {"a number many times",
     "{{plural 123456 other=f}}",
     "{\"f\": \"" + std::string(200'000, '#') + "\"}",
     {},
     "rendering makes more than 1048576 bytes",
     Syntax::kExtended},
    {"groups of a number that are long",
     "{{number 1e20 group=g}}",
     "{\"g\": \"" + std::string(200'000, 'g') + "\"}",
     {},
     "rendering makes more than 1048576 bytes",
     Syntax::kExtended},
    {"a value that grows in a URL",
     "{{url t}}",
     "{\"t\": \"" + std::string(500'000, '&') + "\"}",
     {},
     "rendering makes more than 1048576 bytes",
     Syntax::kExtended},
    {"a time that is long",
     "{{date t}}",
     "{\"t\": \"" + std::string(1'000'000, ' ') + "2024-05-01\"}",
     {},
     "'date': '" + std::string(64, ' ') +
         "...' is no time; write it as "
         "2024-05-01T12:00:00Z, 2024-05-01 or in seconds since 1970",
     Syntax::kExtended},
    {"a format of a time that grows",
     "{{date 0 format=f}}",
     "{\"f\": \"" + Repeat("%E1024S", 1000) + "\"}",
     {},
     "'date': the format has 7000 bytes; write it in at most 256",
     Syntax::kExtended},
    {"many dates",
     Repeat("{{#l}}", 4) + Repeat("{{date 0}}", 2) + Repeat("{{/l}}", 4),
     "{\"l\": " + kTen + "}",
     {},
     "rendering takes more than 1000000 steps",
     Syntax::kExtended},
    {"helpers that are given much",
     Repeat("{{#l}}", 3) + "{{plural 1 one=1 other=t}}" + Repeat("{{/l}}", 3),
     "{\"l\": " + kTen + ", \"t\": \"" + std::string(8000, 't') + "\"}",
     {},
     "rendering takes more than 1000000 steps",
     Syntax::kExtended},
    {"helpers that are given many options",
     Repeat("{{#l}}", 3) + "{{plural 1" + Repeat(" one=1", 1000) + "}}" +
         Repeat("{{/l}}", 3),
     "{\"l\": " + kTen + "}",
     {},
     "rendering takes more than 1000000 steps",
     Syntax::kExtended},
    {"a file as a time zone",
     "{{date 0 zone=z}}",
     R"({"z": "/usr/share/zoneinfo/Europe/Vienna"})",
     {},
     "'date': there is no time zone '/usr/share/zoneinfo/Europe/Vienna'; "
     "write one as Europe/Vienna or UTC",
     Syntax::kExtended},
    {"a time zone by many names",
     "{{date 0 zone=z}}",
     R"({"z": "Europe/.//./Vienna"})",
     {},
     "'date': there is no time zone 'Europe/.//./Vienna'; write one as "
     "Europe/Vienna or UTC",
     Syntax::kExtended},
};

TEST(Hostile, IsStoppedByABound) {
  for (const Hostile& hostile : kHostile) {
    CompileOptions options;
    options.syntax = hostile.syntax;
    const std::string message = Rendered(hostile.source, hostile.json, options,
                                         PartialMap(hostile.partials));
    EXPECT_TRUE(FirstLine(message).ends_with(hostile.stopped_by))
        << hostile.name << ": " << message.substr(0, 300);
  }
}

// Many keys of one hash, or many members, cost their sorting and no more; this
// would take minutes if it were quadratic.
TEST(Hostile, ManyMembersAreFoundFast) {
  std::string json = "{";
  for (int i = 0; i < 200'000; ++i) {
    json += "\"key" + std::to_string(i) + "\": " + std::to_string(i) + ",";
  }
  json += "\"last\": 1}";
  std::string source;
  for (int i = 0; i < 1000; ++i) source += "{{key199999}}{{nowhere}}";
  EXPECT_EQ(Rendered(source, json).size(), 6000);
}

// A slice does what it was allowed to, and the whole is the same.
TEST(Hostile, IsInterruptedAnywhere) {
  const auto program = Program::Compile(
      "{{#l}}{{#l}}{{.}},{{>p}}{{/l}}{{/l}}", {},
      PartialMap(
          std::map<std::string, std::string, std::less<>>{{"p", "<{{.}}>"}}));
  ASSERT_TRUE(program.ok());
  Document data;
  ASSERT_TRUE(data.ReadJson("{\"l\": " + kTen + "}").ok());
  const std::string whole = *Render(*program, data);
  for (const size_t budget : {1, 2, 7, 100}) {
    Renderer renderer;
    renderer.Start(*program, data.root());
    std::string text;
    int slices = 0;
    for (;;) {
      const auto progress = renderer.Step(budget);
      ASSERT_TRUE(progress.ok());
      text += renderer.output();
      renderer.DropOutput();
      ++slices;
      if (*progress == Renderer::Progress::kDone) break;
      ASSERT_LT(slices, 10'000);
    }
    EXPECT_EQ(text, whole);
    EXPECT_GE(slices, 400 / static_cast<int>(budget));
  }
}

// Dropping output does not make room for more of it.
TEST(Hostile, OutputIsBoundedOverAllSlices) {
  const auto program = Program::Compile("{{#l}}0123456789{{/l}}");
  Document data;
  ASSERT_TRUE(data.ReadJson("{\"l\": " + kTen + "}").ok());
  for (const size_t bound : {99, 100}) {
    Renderer renderer;
    renderer.Start(*program, data.root(), {.bounds = {.output_bytes = bound}});
    absl::StatusOr<Renderer::Progress> progress = Renderer::Progress::kMore;
    while (progress.ok() && *progress == Renderer::Progress::kMore) {
      progress = renderer.Step(1);
      renderer.DropOutput();
    }
    EXPECT_EQ(progress.ok(), bound == 100);
  }
}

}  // namespace
}  // namespace millrace::templates
