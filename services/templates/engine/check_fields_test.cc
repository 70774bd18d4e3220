#include "services/templates/engine/check_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "golden/json.pb.h"
#include "services/templates/engine/testing.h"

namespace millrace::templates {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Wrong(std::string_view source,
                               const google::protobuf::Descriptor* type =
                                   golden::Everything::descriptor()) {
  const auto program = Program::Compile(source, Extended());
  EXPECT_TRUE(program.ok()) << program.status();
  std::vector<std::string> errors;
  for (const Diagnostic& error : CheckFields(program->Fields(), *type)) {
    errors.push_back(FirstLine(error.ToString()));
  }
  return errors;
}

TEST(CheckFields, FindsWhatIsThere) {
  EXPECT_THAT(
      Wrong("{{text}}{{inner.inner.text}}{{unsignedBig}}{{maybe}}"
            "{{#inners}}{{small}}{{#truth}}{{big}}{{/truth}}{{/inners}}"
            "{{#words}}{{.}}{{ratio}}{{/words}}{{#truth}}{{text}}"
            "{{/truth}}{{#each inners}}{{@index}}{{../text}}{{this.big}}"
            "{{@root.text}}{{/each}}{{time}}"),
      IsEmpty());
}

TEST(CheckFields, LetsPassWhatNobodyKnows) {
  EXPECT_THAT(Wrong("{{data.x.y}}{{#data}}{{z}}{{/data}}{{counts.k}}"
                    "{{#list}}{{a}}{{/list}}{{#each by_number}}{{b}}{{/each}}"),
              IsEmpty());
}

TEST(CheckFields, SuggestsTheNearestName) {
  EXPECT_THAT(
      Wrong("{{tetx}}\n{{inner.smal}} {{#inners}}{{wrods}}{{/inners}}"
            "{{text.size}}{{inners.text}}{{../x}}"),
      ElementsAre("template:1:1: the data has no 'tetx'; did you mean 'text'?",
                  "template:2:1: golden.Everything has no field 'smal'; did "
                  "you mean 'small'?",
                  "template:2:27: the data has no 'wrods'; did you mean "
                  "'words'?",
                  "template:2:47: 'text' has no 'size': it is a plain value",
                  "template:2:60: 'inners' has no 'text': it is a list",
                  "template:2:75: '../x' leaves the data"));
}

TEST(CheckFields, SaysItOnceForASection) {
  EXPECT_THAT(Wrong("{{#inenrs}}{{text}}{{nothing_like_it}}{{/inenrs}}"),
              ElementsAre("template:1:1: the data has no 'inenrs'; did you "
                          "mean 'inners'?"));
}

TEST(CheckFields, SensitiveFieldsAreNotThere) {
  EXPECT_THAT(
      Wrong("{{#keys}}{{secret}}{{/keys}}", golden::Keyring::descriptor()),
      ElementsAre("template:1:10: the data has no 'secret'"));
}

}  // namespace
}  // namespace millrace::templates
