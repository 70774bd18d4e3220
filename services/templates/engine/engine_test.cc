// What the specification leaves open, and errors: see LANGUAGE.md for the
// language itself, and tests/conformance/templates for the specification.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/templates/engine/testing.h"

namespace millrace::templates {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Sources = std::map<std::string, std::string, std::less<>>;

PartialMap With(Sources sources) { return PartialMap(std::move(sources)); }

struct WrongTemplate {
  const char* source;
  const char* error;  // the first line
};

TEST(Engine, NamesThePlaceOfAnError) {
  for (const auto& [source, error] : {
           WrongTemplate{"a\n b{{x",
                         "template:2:3: the tag is never closed; add }}"},
           {"{{{x}}", "template:1:1: the tag is never closed; add }}}"},
           {"{{#a}}", "template:1:1: section 'a' is never closed; add {{/a}}"},
           {"{{/a}}", "template:1:1: 'a' is closed but was never opened"},
           {"{{#list}}{{/lsit}}",
            "template:1:10: 'lsit' is closed but was never opened; did you "
            "mean 'list'?"},
           {"{{#a}}{{#b}}{{/a}}",
            "template:1:13: 'a' is closed where 'b' is open; add {{/b}} "
            "before it"},
           {"{{}}", "template:1:1: the tag has no name"},
           {"{{>}}", "template:1:1: the tag has no name"},
           {"{{a..b}}", "template:1:1: 'a..b' has an empty part"},
           {"{{a b}}",
            "template:1:1: 'a b' is no name: helpers and their arguments are "
            "for syntax 2"},
           {"{{=<%=}}",
            "template:1:1: delimiters are set by two words between equals "
            "signs, as in {{=<% %>=}}"},
           {"{{<p}}{{x}}{{/p}}",
            "template:1:7: only blocks may stand inside a parent: a value "
            "here would never be rendered"},
           {"\xC3\xA4\xC3\xB6{{}}", "template:1:3: the tag has no name"},
       }) {
    EXPECT_EQ(FirstLine(Rendered(source, "{}")), error) << source;
  }
}

TEST(Engine, NamesTheErrorsOfSyntax2) {
  for (const auto& [source, error] : {
           WrongTemplate{"{{nubmer x}}",
                         "template:1:1: there is no helper 'nubmer'; did you "
                         "mean 'number'?"},
           {"{{number x decimal=2}}",
            "template:1:1: 'number' has no option 'decimal'; did you mean "
            "'decimals'?"},
           {"{{number}}", ""},  // a variable
           {"{{number x y}}", "template:1:1: 'number' takes 1 value, not 2"},
           {"{{number decimals=2 x}}",
            "template:1:1: 'x' stands behind an option; values come first"},
           {"{{date x format=\"%d}}", "template:1:1: a quoted text has no end"},
           {"{{#ifs x}}{{/ifs}}",
            "template:1:1: '#ifs' is no block that takes a value; did you "
            "mean 'if'?"},
           {"{{#if x y}}{{/if}}", "template:1:1: '#if' takes one name"},
           {"{{else}}",
            "template:1:1: 'else' stands in no section, or behind another "
            "'else'"},
           {"{{#if a}}{{else}}{{else}}{{/if}}",
            "template:1:18: 'else' stands in no section, or behind another "
            "'else'"},
           {"{{#if a}}{{else maybe}}{{/if}}",
            "template:1:10: write 'else', 'else if NAME' or 'else unless "
            "NAME'"},
           {"{{@indx}}",
            "template:1:1: there is no '@indx'; did you mean '@index'?"},
       }) {
    EXPECT_EQ(FirstLine(Rendered(source, "{}", Extended())), error) << source;
  }
}

TEST(Engine, ReportsAllErrorsAtOnceAlsoOfPartials) {
  CompileOptions options;
  options.name = "mail";
  options.require_partials = true;
  const Report report = Check("{{>foot}}\n{{}} {{>heed}}", options,
                              With({{"foot", "\n{{#x}}"}, {"head", ""}}));
  std::vector<std::string> errors;
  for (const Diagnostic& error : report.errors) {
    errors.push_back(FirstLine(error.ToString()));
  }
  EXPECT_THAT(errors,
              ElementsAre("mail:2:1: the tag has no name",
                          "mail:2:6: there is no partial 'heed'; did you mean "
                          "'head'?",
                          "foot:2:1: section 'x' is never closed; add {{/x}}"));
}

TEST(Engine, ShowsTheLineWithACaret) {
  EXPECT_EQ(Rendered("one\n\ttwo {{}} three\nfour", "{}"),
            "template:2:6: the tag has no name\n"
            "  \ttwo {{}} three\n"
            "  \t    ^");
  EXPECT_EQ(
      Rendered(std::string(100, 'x') + "{{}}" + std::string(100, 'y'), "{}"),
      "template:1:101: the tag has no name\n  ..." + std::string(60, 'x') +
          "{{}}" + std::string(56, 'y') + "...\n     " + std::string(60, ' ') +
          "^");
}

TEST(Engine, UnsafeOutputIsReportedOrRefused) {
  CompileOptions options;
  const Report report = Check("a{{{b}}}\n {{&c}}{{d}}", options);
  ASSERT_EQ(report.unsafe.size(), 2);
  EXPECT_EQ(report.unsafe[1].line, 2);
  EXPECT_EQ(report.unsafe[1].column, 2);
  options.allow_unsafe = false;
  EXPECT_EQ(FirstLine(Rendered("{{{b}}}", "{}", options)),
            "template:1:1: values that are not escaped are not permitted here; "
            "write {{ }}");
  // Plain text has nothing to escape.
  options.escaping = Escaping::kNone;
  EXPECT_EQ(Rendered("{{{b}}}", R"({"b": "<"})", options), "<");
}

TEST(Engine, MissingFieldsAreErrorsWhereTheyAreRequired) {
  const RenderOptions strict = {.require_fields = true};
  EXPECT_EQ(FirstLine(Rendered("{{#a}}{{nmae}}{{/a}}", R"({"a": {"name": 1}})",
                               {}, {}, strict)),
            "template:1:7: the data has no 'nmae'; did you mean 'name'?");
  // Sections ask whether there is one.
  EXPECT_EQ(Rendered("{{#a}}x{{/a}}{{^a}}none{{/a}}", "{}", {}, {}, strict),
            "none");
}

TEST(Engine, PartialsAreLinkedOnceForEachUse) {
  EXPECT_EQ(Rendered("{{>p}}|\n  {{>p}}\n{{>p}}", R"({"x": "1\n2"})", {},
                     With({{"p", "a\n{{{x}}}\n\nb"}})),
            "a\n1\n2\n\nb|\n  a\n  1\n2\n  \n  ba\n1\n2\n\nb");
  EXPECT_THAT(Program::Compile("{{>a}}{{>a}}{{>b}}", {},
                               With({{"a", "{{>b}}"}, {"b", ""}, {"c", ""}}))
                  ->partials(),
              ElementsAre("a", "b"));
}

TEST(Engine, IndentationAddsUp) {
  EXPECT_EQ(Rendered(" {{>a}}\n", "{}", {},
                     With({{"a", "1\n  {{>b}}\n4\n"}, {"b", "2\n3\n"}})),
            " 1\n   2\n   3\n 4\n");
  // A partial in the middle of a line has lines of its own.
  EXPECT_EQ(
      Rendered(
          " {{>a}}\n", "{}", {},
          With({{"a", "x {{>b}}\n"}, {"b", "2\n {{>c}}\n3"}, {"c", "c\n"}})),
      " x 2\n c\n3\n");
}

TEST(Engine, OverridesAreIndentedWhereTheyStand) {
  const PartialMap layout = With({{"whole", "<\n  {{$b}}\n  {{/b}}\n>\n"},
                                  {"inline", "<\n  {{$b}}{{/b}}\n>\n"},
                                  {"middle", "<a {{$b}}x{{/b}} b>\n"}});
  // Lines and a word, each at a block of lines, at one in a line of its own
  // and at one in the middle.
  const std::string lines = "{{$b}}\n    one\n      two\n{{/b}}";
  const std::string word = "{{$b}}one{{/b}}";
  const auto of = [&](std::string_view parent, const std::string& block) {
    return Rendered(StrCat("{{<", parent, "}}", block, "{{/", parent, "}}\n"),
                    "{}", {}, layout);
  };
  EXPECT_EQ(of("whole", lines), "<\n  one\n    two\n>\n");
  EXPECT_EQ(of("inline", lines), "<\n  one\n    two\n>\n");
  EXPECT_EQ(of("middle", lines), "<a one\n  two\n b>\n");
  EXPECT_EQ(of("whole", word), "<\n  one\n>\n");
  EXPECT_EQ(of("inline", word), "<\n  one\n>\n");
  EXPECT_EQ(of("middle", word), "<a one b>\n");
  EXPECT_EQ(of("whole", ""), "<\n>\n");
  EXPECT_EQ(of("inline", ""), "<\n  \n>\n");
}

TEST(Engine, AnOverrideIsNotItsOwnBlock) {
  EXPECT_EQ(Rendered("{{<p}}{{$a}}[{{$a}}x{{/a}}]{{/a}}{{/p}}", "{}", {},
                     With({{"p", "{{$a}}default{{/a}}"}})),
            "[x]");
  // From outside it can be overridden.
  EXPECT_EQ(Rendered("{{<q}}{{$b}}y{{/b}}{{/q}}", "{}", {},
                     With({{"p", "{{$a}}default{{/a}}"},
                           {"q", "{{<p}}{{$a}}[{{$b}}x{{/b}}]{{/a}}{{/p}}"}})),
            "[y]");
}

TEST(Engine, ParentsMayHaveDynamicNames) {
  const PartialMap layouts =
      With({{"a", "A {{$x}}{{/x}}"}, {"b", "B {{$x}}{{/x}}"}});
  for (const char* name : {"a", "b"}) {
    EXPECT_EQ(Rendered("{{<*l}}{{$x}}x{{/x}}{{/*l}}",
                       StrCat("{\"l\": \"", name, "\"}"), {}, layouts),
              name == std::string("a") ? "A x" : "B x");
  }
  EXPECT_EQ(
      Rendered("{{<*l}}{{$x}}x{{/x}}{{/*l}}", R"({"l": "c"})", {}, layouts),
      "");
}

TEST(Engine, HelpersOfTheProgram) {
  Helpers helpers;
  int prepared = 0;
  Helper shout = {
      "shout", 1, {"end"}, [](const HelperCall& call, std::string* text) {
        if (call.values[0].kind == Kind::kNull) {
          return absl::InvalidArgumentError("nothing to shout");
        }
        *text += TextOf(call.values[0]);
        *text += call.TextOption("end", "!");
        return absl::OkStatus();
      }};
  shout.prepare = [&prepared] { ++prepared; };
  helpers.Add(std::move(shout));
  CompileOptions options = Extended();
  options.helpers = &helpers;
  EXPECT_EQ(Rendered("{{shout a}}{{shout \"b c\" end='?'}}{{{shout a end=3}}}",
                     R"({"a": "<"})", options),
            "&lt;!b c?<3");
  EXPECT_EQ(prepared, 3);  // for each tag
  EXPECT_EQ(FirstLine(Rendered("a {{shout nothing}}", "{}", options)),
            "template:1:3: 'shout': nothing to shout");
  EXPECT_THAT(Rendered("{{date x}}", R"({"x": "soon"})", Extended()),
              HasSubstr("'soon' is no time; write it as"));
}

TEST(Engine, FieldsWithTheirScopes) {
  const auto program = Program::Compile(
      "{{a}}{{#items}}{{price}}{{#if b.c}}{{number n}}{{/if}}{{>p}}{{/items}}"
      "{{>p}}{{<l}}{{$t}}{{title}}{{/t}}{{/l}}",
      Extended(),
      With({{"p", "{{q}}"}, {"l", "{{#w}}{{$t}}{{unread}}{{/t}}{{/w}}"}}));
  ASSERT_TRUE(program.ok()) << program.status();
  std::vector<std::string> reads;
  for (const FieldRead& field : program->Fields()) {
    std::string read;
    for (const std::string& scope : field.scopes) StrAppend(&read, scope, ">");
    reads.push_back(StrCat(read, field.path, field.is_text ? "" : "?"));
  }
  EXPECT_THAT(reads, testing::UnorderedElementsAre(
                         "a", "items?", "items>price", "items>b.c?", "items>n",
                         "items>q", "q", "w?", "w>title"));
}

TEST(Engine, FieldsOfWhatNeverEnds) {
  const auto program =
      Program::Compile("{{>p}}", {}, With({{"p", "{{a}}{{#p}}{{>p}}{{/p}}"}}));
  ASSERT_TRUE(program.ok());
  EXPECT_GE(program->Fields().size(), 2);
}

}  // namespace
}  // namespace millrace::templates
