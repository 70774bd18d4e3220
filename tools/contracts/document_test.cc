#include "tools/contracts/document.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace millrace::contracts {
namespace {

const char* const kTexts[] = {
    "plain",
    "two words",
    "",
    " led by a space",
    "ends in one ",
    "yes",
    "No",
    "null",
    "1.0",
    "0x10",
    "a: b",
    "a #b",
    "- a",
    "\"quoted\"",
    "back\\slash",
    "a\nb",
    "a\n\nb",
    "a\n",
    "a\n\n",
    "\na",
    " a\nb",
    "a\n  b\nc",
    "tab\t",
    "bell\a",
    "\xc3\xa9t\xc3\xa9",
    "a\n\nb\n",
    "%a",
    "@a",
    "{a}",
    "a,b",
    "NaN",
    "~",
    "=",
    "users.v1.User",
    "$ref",
};

// A reader gives back the same text, and takes it for text.
TEST(DocumentTest, TextsSurviveYaml) {
  for (const std::string text : kTexts) {
    Document document;
    document["outer"]["key"] = text;
    document["list"].Add(text);
    document["nested"].Add(Document::Object({{"a", text}, {"b", 1}}));
    document[text.empty() ? "empty" : text] = "value";
    const std::string yaml = ToYamlText(document);
    const YAML::Node read = YAML::Load(yaml);
    EXPECT_EQ(read["outer"]["key"].as<std::string>(), text) << yaml;
    EXPECT_EQ(read["list"][0].as<std::string>(), text) << yaml;
    EXPECT_EQ(read["nested"][0]["a"].as<std::string>(), text) << yaml;
    EXPECT_EQ(read["nested"][0]["b"].as<int>(), 1) << yaml;
    EXPECT_EQ(read[text.empty() ? "empty" : text].as<std::string>(), "value")
        << yaml;
  }
}

TEST(DocumentTest, WritesEveryKindInOrder) {
  Document document;
  document["z"] = 1;
  document["a"] = Document::Array({true, Document(), 0.5, "x"});
  document["none"] = Document::Array();
  document["empty"] = Document::Object();
  EXPECT_EQ(ToYamlText(document),
            "z: 1\na:\n  - true\n  - null\n  - 0.5\n  - x\nnone: []\n"
            "empty: {}\n");
  EXPECT_EQ(ToJsonText(document),
            "{\n  \"z\": 1,\n  \"a\": [\n    true,\n    null,\n    0.5,\n"
            "    \"x\"\n  ],\n  \"none\": [],\n  \"empty\": {}\n}\n");
}

TEST(DocumentTest, NumbersAreTheShortestText) {
  EXPECT_EQ(Document(0.1).text(), "0.1");
  EXPECT_EQ(Document(2.0).text(), "2");
  EXPECT_EQ(Document(uint64_t{1} << 63).text(), "9223372036854775808");
}

TEST(DocumentTest, ListsOfListsAreIndented) {
  const Document document = Document::Array(
      {Document::Array({1, Document::Array({2})}), Document::Array()});
  EXPECT_EQ(ToYamlText(document), "- - 1\n  - - 2\n- []\n");
}

}  // namespace
}  // namespace millrace::contracts
