// Partials that are read otherwise than the template which names them, and
// what is known of a program's sources.
#include "services/templates/engine/partials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/templates/engine/testing.h"

namespace millrace::templates {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

using Sources = std::map<std::string, std::string, std::less<>>;

// "own.x" for dynamic names; "new" in syntax 2; "raw" may be unsafe.
class SomePartials final : public Partials {
 public:
  std::optional<std::string_view> Find(std::string_view name) const override {
    return map_.Find(name);
  }
  std::vector<std::string> Names() const override { return map_.Names(); }
  std::vector<std::string> DynamicNames() const override { return {"own.x"}; }
  std::optional<SourceOptions> OptionsOf(std::string_view name) const override {
    if (name == "new") {
      return SourceOptions{.syntax = Syntax::kExtended, .allow_unsafe = false};
    }
    if (name == "raw") return SourceOptions{.allow_unsafe = true};
    return std::nullopt;
  }

 private:
  const PartialMap map_{
      Sources{{"new", "{{#if a}}{{number a decimals=1}}{{/if}}"},
              {"raw", "{{{t}}}"},
              {"own.x", "x"},
              {"other", "{{#broken}}"}}};
};

std::string Text(std::string_view source, const CompileOptions& options = {}) {
  const auto program = Program::Compile(source, options, SomePartials());
  if (!program.ok()) return std::string(MessageOf(program.status()));
  Document data;
  EXPECT_TRUE(data.ReadJson(R"({"a": 2, "t": "<", "n": "own.x"})").ok());
  return *Render(*program, data);
}

TEST(Partials, EachIsReadInItsOwnSyntax) {
  EXPECT_EQ(Text("{{>new}}"), "2.0");
  EXPECT_THAT(Text("{{number a}}{{>new}}"), HasSubstr("are for syntax 2"));
}

TEST(Partials, OnlyWhatPermitsItIsUnsafe) {
  CompileOptions options;
  options.allow_unsafe = false;
  EXPECT_EQ(Text("{{t}}{{>raw}}", options), "&lt;<");
  EXPECT_THAT(Text("{{{t}}}{{>raw}}", options),
              HasSubstr("template:1:1: values that are not escaped"));
}

// What is broken and cannot be chosen breaks nothing.
TEST(Partials, ADynamicNameChoosesAmongThoseItMay) {
  EXPECT_EQ(Text("{{>*n}}"), "x");
  EXPECT_THAT(Text("{{>other}}"), HasSubstr("never closed"));
}

TEST(Program, KnowsItsSources) {
  const SomePartials partials;
  const auto program = Program::Compile("{{>raw}}{{>*n}}", {}, partials);
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_THAT(program->partials(), UnorderedElementsAre("raw", "own.x"));
  EXPECT_EQ(program->source_bytes(), 15u + 7u + 1u);
  EXPECT_TRUE(program->dynamic());
  EXPECT_TRUE(program->IsOf("{{>raw}}{{>*n}}", {}, partials));
  EXPECT_FALSE(program->IsOf("{{>raw}}{{>*m}}", {}, partials));
  // There it would permit what it does not here.
  EXPECT_FALSE(
      program->IsOf("{{>raw}}{{>*n}}", {},
                    PartialMap(Sources{{"raw", "{{{u}}}"}, {"own.x", "x"}})));
  EXPECT_FALSE(Program::Compile("x")->dynamic());
}

// Text that is copied counts, too: no slice is long because of it.
TEST(Renderer, LiteralsTakeSteps) {
  const std::string literal(200 << 10, 'x');
  const auto program = Program::Compile("{{#l}}" + literal + "{{/l}}");
  ASSERT_TRUE(program.ok()) << program.status();
  Document data;
  ASSERT_TRUE(data.ReadJson(R"({"l": [1, 2, 3]})").ok());
  Renderer renderer;
  renderer.Start(*program, data.root());
  int slices = 1;
  while (*renderer.Step(100) == Renderer::Progress::kMore) ++slices;
  EXPECT_EQ(slices, 4);  // one literal each, and what is left
  EXPECT_EQ(renderer.output().size(), 3 * literal.size());
}

}  // namespace
}  // namespace millrace::templates
