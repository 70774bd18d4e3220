// JSON, a Struct and a message are the same data; what is JSON is what
// libs/contract says it is.
#include "services/templates/engine/document.h"

#include <gmock/gmock.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "contract/json_check.h"
#include "contract/testing/random_message.h"
#include "golden/json.pb.h"
#include "services/templates/engine/number_text.h"
#include "services/templates/engine/testing.h"

namespace millrace::templates {
namespace {

using google::protobuf::Struct;
using ::testing::HasSubstr;

// A value as a template would show it: every text, key and structure.
void Dump(const Value& value, std::string* out) {
  switch (value.kind) {
    case Kind::kNull:
      *out += "null";
      break;
    case Kind::kFalse:
    case Kind::kTrue:
      *out += value.kind == Kind::kTrue ? "true" : "false";
      break;
    case Kind::kNumber:
      StrAppend(out, "#", value.text_view());
      break;
    case Kind::kString:
      StrAppend(out, "'", value.text_view(), "'");
      break;
    case Kind::kList:
      *out += "[";
      for (uint32_t i = 0; i < value.size; ++i) {
        Dump(value.items[i], out);
        *out += " ";
      }
      *out += "]";
      break;
    case Kind::kObject:
      *out += "{";
      for (uint32_t i = 0; i + value.aliases < value.size; ++i) {
        StrAppend(out, value.members[i].key_view(), ":");
        Dump(value.members[i].value, out);
        *out += " ";
      }
      *out += "}";
      break;
  }
}

std::string DumpJson(std::string_view json) {
  Document document;
  const absl::Status read = document.ReadJson(json);
  if (!read.ok()) return std::string(MessageOf(read));
  std::string text;
  Dump(document.root(), &text);
  return text;
}

std::string DumpMessage(const google::protobuf::Message& message) {
  Document document;
  const absl::Status read = document.ReadMessage(message);
  if (!read.ok()) return std::string(MessageOf(read));
  std::string text;
  Dump(document.root(), &text);
  return text;
}

bool Reads(std::string_view text) {
  Document document;
  return document.ReadJson(text).ok();
}

TEST(Document, ReadsJson) {
  EXPECT_EQ(DumpJson(R"( {"a" : [1, -2.50, "x\n\u00e4\ud83d\ude00\"", true,)"
                     R"( false, null, {}, []], "b":{"c":1e2}} )"),
            "{a:[#1 #-2.5 'x\n\xC3\xA4\xF0\x9F\x98\x80\"' true false null {} "
            "[] ] b:{c:#100 } }");
  EXPECT_EQ(DumpJson("\"alone\""), "'alone'");
  EXPECT_EQ(DumpJson("[1,]"), "line 1, column 4: expected a value, found ']'");
  EXPECT_EQ(DumpJson("{} x"),
            "line 1, column 4: unexpected 'x' behind the value");
}

// Keys of the object before are compared with the text, where an escape is
// another thing.
TEST(Document, KeysWithEscapesAreReadAnewEachTime) {
  EXPECT_EQ(DumpJson(R"([{"a\"b": 1}, {"a\"b": 2}])"),
            "[{a\"b:#1 } {a\"b:#2 } ]");
  EXPECT_FALSE(Reads(R"([{"a\"b": 1}, {"a"b": 2}])"));
  EXPECT_FALSE(Reads("[{\"a\\nb\": 1}, {\"a\nb\": 2}]"));
  EXPECT_EQ(DumpJson(R"([{"\\n": 1}, {"\n": 2}])"), "[{\\n:#1 } {\n:#2 } ]");
  EXPECT_EQ(DumpJson(R"([{"a":1,"b":2},{"a":3},{"a":4,"c":5},{"a":6,"a":7}])"),
            "line 1, column 45: the key 'a' is there twice");
}

TEST(Document, NumbersReadAsInJavaScript) {
  for (const auto& [json, text] : std::map<std::string, std::string>{
           {"0", "0"},
           {"-0", "0"},
           {"-0.0", "0"},
           {"1.0", "1"},
           {"100", "100"},
           {"1.50", "1.5"},
           {"0.000001", "0.000001"},
           {"0.0000001", "1e-7"},
           {"1e21", "1e+21"},
           {"123e18", "123000000000000000000"},
           {"9007199254740993", "9007199254740992"},
           {"0.1", "0.1"},
           {"1e-400", "0"},
           {"1.7976931348623157e308", "1.7976931348623157e+308"},
           {"5e-324", "5e-324"},
           {"-12.375", "-12.375"},
           {"123456789012345678", "123456789012345680"}}) {
    EXPECT_EQ(DumpJson(json), "#" + text) << json;
  }
}

// What is passed through must be what is written of the number read.
TEST(Document, CanonicalNumbersAreTheirOwnText) {
  std::mt19937 random(1);
  int canonical = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = i % 2 ? "-" : "";
    const int digits = 1 + static_cast<int>(random() % 16);
    for (int d = 0; d < digits; ++d) {
      text += static_cast<char>('0' + random() % 10);
    }
    if (random() % 2) {
      text.insert(text.size() - random() % digits, ".");
      if (text.back() == '.') text.pop_back();
    }
    // A number of JSON has no zeros in front.
    const size_t first = text[0] == '-' ? 1 : 0;
    if (text[first] == '.') text.insert(first, "0");
    while (text.size() > first + 1 && text[first] == '0' &&
           text[first + 1] != '.') {
      text.erase(first, 1);
    }
    const char* from = text.data() + first;
    const char* end = text.data() + text.size();
    if (!IsCanonicalNumber(from, std::find(from, end, '.'), end, first == 1)) {
      continue;
    }
    ++canonical;
    char written[kNumberTextSize];
    const size_t size = WriteNumber(std::stod(text), written);
    EXPECT_EQ(std::string(written, size), text);
  }
  EXPECT_GT(canonical, 5'000);
}

TEST(Document, AgreesWithTheCheckerOnJsonTestSuite) {
  const std::filesystem::path folder =
      "../shared/data/JSONTestSuite/test_parsing";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "JSONTestSuite is not at " << folder;
  }
  int read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::stringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const std::string name = entry.path().filename().string();
    // A number that no double holds is left to the reader by the suite.
    if (name.find("huge_exp") != name.npos ||
        name.find("overflow") != name.npos ||
        name.find("pos_int") != name.npos) {
      continue;
    }
    EXPECT_EQ(Reads(text.str()), CheckJson(text.str()).ok()) << name;
    ++read;
  }
  EXPECT_GT(read, 280);
}

// Texts that are nearly JSON, as they come from changing some that is.
TEST(Document, AgreesWithTheCheckerOnMutations) {
  const std::string seed =
      R"({"a":[1,-2.5e3,"x\u00e4\n",true,false,null],"b":{"":{}},"c":"d",)"
      R"("l":[{"k\"":1,"m":2},{"k\"":3,"m":4},{"m":5}]})";
  constexpr std::string_view kBytes = "{}[]\",:\\u0019eE.+-tfn \n\x01\xC3\xA4";
  std::mt19937 random(2);
  int good = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text = seed;
    for (uint32_t n = 1 + random() % 3; n > 0 && !text.empty(); --n) {
      const size_t at = random() % text.size();
      const char byte = kBytes[random() % kBytes.size()];
      switch (random() % 4) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, 1, byte);
          break;
        case 2:
          text.erase(at, 1 + random() % 3);
          break;
        default:
          text.insert(at, text.substr(at, random() % 8));
      }
    }
    const bool wanted = CheckJson(text).ok();
    good += wanted;
    ASSERT_EQ(Reads(text), wanted) << text;
  }
  EXPECT_GT(good, 1'000);
}

TEST(Document, AStructIsItsJson) {
  const std::string json =
      R"({"a": 1.5, "b": [true, null, "x"], "c": {"d": {}, "e": -0.25}})";
  Struct data;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &data).ok());
  EXPECT_EQ(DumpMessage(data), DumpJson(json));
}

void RandomStruct(std::mt19937* random, int depth, Struct* data);

void RandomValue(std::mt19937* random, int depth,
                 google::protobuf::Value* value) {
  switch ((*random)() % (depth > 0 ? 7 : 5)) {
    case 0:
      return;
    case 1:
      return value->set_null_value(google::protobuf::NULL_VALUE);
    case 2:
      return value->set_number_value(static_cast<int>((*random)()) / 8.0);
    case 3:
      return value->set_string_value(std::string((*random)() % 9, '<'));
    case 4:
      return value->set_bool_value((*random)() % 2 == 0);
    case 5:
      return RandomStruct(random, depth - 1, value->mutable_struct_value());
    case 6:
      for (auto items = (*random)() % 4; items > 0; --items) {
        RandomValue(random, depth - 1,
                    value->mutable_list_value()->add_values());
      }
  }
}

void RandomStruct(std::mt19937* random, int depth, Struct* data) {
  for (auto members = (*random)() % 5; members > 0; --members) {
    const std::string key(1, static_cast<char>('a' + (*random)() % 20));
    RandomValue(random, depth, &(*data->mutable_fields())[key]);
  }
}

// One that is generated has a way of its own.
TEST(Document, AStructReadsAsItDoesByReflection) {
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<google::protobuf::Message> dynamic(
      factory.GetPrototype(Struct::descriptor())->New());
  std::mt19937 random(5);
  for (int i = 0; i < 1000; ++i) {
    Struct data;
    RandomStruct(&random, 6, &data);
    ASSERT_TRUE(dynamic->ParseFromString(data.SerializeAsString()));
    ASSERT_EQ(DumpMessage(data), DumpMessage(*dynamic));
  }
  // Both are bounded in depth, and at the same.
  for (int depth = 1; depth < 120; ++depth) {
    Struct data;
    google::protobuf::Value* inner = &(*data.mutable_fields())["a"];
    for (int i = 1; i < depth; ++i) {
      inner = i % 2 == 0
                  ? inner->mutable_list_value()->add_values()
                  : &(*inner->mutable_struct_value()->mutable_fields())["a"];
    }
    inner->set_bool_value(true);
    const std::string bytes = data.SerializeAsString();
    google::protobuf::io::CodedInputStream input(
        reinterpret_cast<const uint8_t*>(bytes.data()),
        static_cast<int>(bytes.size()));
    input.SetRecursionLimit(1000);
    ASSERT_TRUE(dynamic->ParseFromCodedStream(&input));
    Document generated, reflected;
    EXPECT_EQ(generated.ReadMessage(data), reflected.ReadMessage(*dynamic))
        << depth;
  }
}

// Without presence, defaults are there; 64-bit integers are texts in JSON and
// numbers here, which read the same.
TEST(Document, AMessageIsItsJson) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::mt19937 random(3);
  int compared = 0;
  for (int i = 0; i < 500; ++i) {
    golden::Everything message;
    Randomize(&random, 3, &message);
    std::string json;
    // Not every random message has a JSON form: Any, and times out of range.
    if (!google::protobuf::util::MessageToJsonString(message, &json, options)
             .ok() ||
        message.has_any()) {
      continue;
    }
    Document expected, read;
    ASSERT_TRUE(expected.ReadJson(json).ok()) << json;
    const absl::Status status = read.ReadMessage(message);
    // JSON has lost what stood in a map under one key with another.
    if (MessageOf(status).find("has no JSON form") != std::string_view::npos) {
      continue;
    }
    ASSERT_TRUE(status.ok()) << status << json;
    for (const char* source :
         {"{{text}}|{{raw}}|{{small}}|{{big}}|{{unsigned_big}}|{{ratio}}|"
          "{{truth}}|{{shade}}|{{time}}|{{pause}}|{{mask}}|{{wrapped}}|"
          "{{maybe}}|{{one}}|{{other}}",
          "{{#inners}}{{text}},{{#inner}}{{small}}{{/inner}}{{/inners}}",
          "{{#words}}<{{.}}>{{/words}}{{^words}}none{{/words}}",
          "{{#truth}}yes{{/truth}}{{^text}}no text{{/text}}"}) {
      const auto program = Program::Compile(source);
      EXPECT_EQ(*Render(*program, read), *Render(*program, expected))
          << source << "\n"
          << json;
    }
    ++compared;
  }
  EXPECT_GT(compared, 50);
}

TEST(Document, FindsFieldsByBothNames) {
  golden::Everything message;
  message.set_unsigned_big(7);
  (*message.mutable_counts())["b"] = 2;
  (*message.mutable_counts())["a"] = 1;
  Document document;
  ASSERT_TRUE(document.ReadMessage(message).ok());
  CompileOptions options = Extended();
  const auto program = Program::Compile(
      "{{unsigned_big}}{{unsignedBig}} "
      "{{#each counts}}{{@key}}{{.}}{{/each}} "
      "{{#each this}}{{#if @last}}{{@key}}{{/if}}{{/each}}",
      options);
  ASSERT_TRUE(program.ok());
  // The second names are no members of their own.
  EXPECT_EQ(*Render(*program, document), "77 a1b2 nothing");
}

TEST(Document, LooksIntoAny) {
  golden::Everything message;
  message.mutable_any()->set_type_url("x/nobody.Knows");
  EXPECT_THAT(DumpMessage(message), HasSubstr("any:{@type:'x/nobody.Knows' }"));
  golden::Keyring ring;
  ring.set_name("r");
  message.mutable_any()->PackFrom(ring);
  EXPECT_THAT(DumpMessage(message),
              HasSubstr("any:{@type:'type.googleapis.com/golden.Keyring' "
                        "name:'r' keys:[] "));
}

TEST(Document, LeavesOutWhatIsSensitive) {
  golden::Keyring ring;
  ring.set_name("ring");
  ring.add_keys()->set_secret("s3cret");
  (*ring.mutable_by_name())["k"].set_secret("s3cret");
  EXPECT_EQ(DumpMessage(ring), "{name:'ring' keys:[{} ] by_name:{k:{} } }");
}

TEST(Document, RefusesMessagesWithoutAJsonForm) {
  golden::Everything message;
  message.mutable_time()->set_seconds(1LL << 60);
  EXPECT_THAT(DumpMessage(message),
              HasSubstr("google.protobuf.Timestamp has no JSON form"));
  golden::Everything deep;
  golden::Everything* inner = &deep;
  for (int i = 0; i < 120; ++i) inner = inner->mutable_inner();
  EXPECT_EQ(DumpMessage(deep), "the message is nested deeper than 100");
}

}  // namespace
}  // namespace millrace::templates
