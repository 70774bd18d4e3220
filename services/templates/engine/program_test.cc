#include "services/templates/engine/program.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/strings.h"

namespace millrace::templates {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

Struct Data(const std::string& json) {
  Struct data;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &data).ok())
      << json;
  return data;
}

std::string Render(std::string_view source, const std::string& json,
                   Escaping escaping = Escaping::kHtml) {
  const auto program = Program::Compile(source, escaping);
  if (!program.ok()) return program.status().ToString();
  const auto text = program->Render(Data(json));
  return text.ok() ? *text : text.status().ToString();
}

TEST(Program, EscapesByContentType) {
  const std::string data = R"({"n":"<O'Hara & \"co\">"})";
  EXPECT_EQ(Render("Hi {{n}}", data),
            "Hi &lt;O&#39;Hara &amp; &quot;co&quot;&gt;");
  EXPECT_EQ(Render("Hi {{{n}}}{{&n}}", R"({"n":"<b>"})"), "Hi <b><b>");
  EXPECT_EQ(Render("Hi {{n}}", data, Escaping::kNone), "Hi <O'Hara & \"co\">");
}

TEST(Program, Numbers) {
  EXPECT_EQ(Render("{{a}} {{b}} {{c}}", R"({"a":42,"b":1.21,"c":-0.5})"),
            "42 1.21 -0.5");
}

struct WrongTemplate {
  const char* source;
  const char* error;
};

TEST(Program, NamesThePlaceOfAnError) {
  for (const auto& [source, error] : {
           WrongTemplate{"a\n b{{x",
                         "template:2:3: tag is never closed; add }}"},
           {"{{#a}}", "template:1:1: section 'a' is never closed; add {{/a}}"},
           {"{{/a}}", "template:1:1: 'a' is closed but was never opened"},
           {"{{#a}}{{/b}}", "template:1:7: 'b' is closed where 'a' is open"},
           {"{{}}", "template:1:1: tag has no name"},
           {"{{a..b}}", "template:1:1: 'a..b' has an empty part"},
           {"{{> p}}",
            "template:1:1: '{{>' is not supported; use variables, "
            "sections and comments"},
       }) {
    EXPECT_EQ(Program::Compile(source, Escaping::kHtml).status(),
              absl::InvalidArgumentError(error));
  }
}

TEST(Program, BoundsDepthStepsAndOutput) {
  std::string deep;
  for (int i = 0; i < 65; ++i) deep += "{{#a}}";
  EXPECT_EQ(Program::Compile(deep, Escaping::kHtml).status().code(),
            absl::StatusCode::kInvalidArgument);
  const auto program =
      Program::Compile("{{#l}}0123456789{{/l}}", Escaping::kHtml);
  ASSERT_TRUE(program.ok());
  const Struct data = Data(R"({"l":[1,2,3,4,5,6,7,8]})");
  EXPECT_EQ(program->Render(data, {.output_bytes = 79}).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(program->Render(data, {.output_bytes = 80}).ok());
  EXPECT_EQ(program->Render(data, {.steps = 16}).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(program->Render(data, {.steps = 17}).ok());
}

// The modules of the official specification that this engine claims, but for
// the cases that need partials or other delimiters.
class Spec : public testing::TestWithParam<const char*> {};

TEST_P(Spec, Module) {
  const auto path = std::filesystem::path(MILLRACE_SOURCE_DIR) /
                    "../shared/data/mustache-spec" / GetParam();
  std::ifstream file(path);
  if (!file) GTEST_SKIP() << "the Mustache specification is not at " << path;
  std::stringstream text;
  text << file.rdbuf();
  const Struct spec = Data(text.str());
  int cases = 0;
  for (const Value& value : spec.fields().at("tests").list_value().values()) {
    const auto& test = value.struct_value().fields();
    const std::string& source = test.at("template").string_value();
    if (test.count("partials") > 0 || source.find("{{=") != std::string::npos) {
      continue;
    }
    ++cases;
    const auto program = Program::Compile(source, Escaping::kHtml);
    ASSERT_TRUE(program.ok()) << program.status();
    std::string rendered;
    if (test.at("data").has_struct_value()) {
      rendered = *program->Render(test.at("data").struct_value());
    } else {
      continue;  // the data of a template here is always an object
    }
    EXPECT_EQ(rendered, test.at("expected").string_value())
        << test.at("name").string_value() << ": " << source;
  }
  EXPECT_GT(cases, 3);
}

INSTANTIATE_TEST_SUITE_P(Mustache, Spec,
                         testing::Values("comments.json", "interpolation.json",
                                         "inverted.json", "sections.json"),
                         [](const auto& info) {
                           const std::string name = info.param;
                           return name.substr(0, name.find('.'));
                         });

}  // namespace
}  // namespace millrace::templates
