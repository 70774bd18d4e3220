// Other people's examples: those printed in the RFCs, and Wycheproof's.
// Expectations of ours that differ from Wycheproof's labels stand with their
// reasons in testdata/wycheproof_differences.txt.
#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "base/strings.h"
#include "contract/json.h"
#include "tokens/jwk.h"
#include "tokens/jws.h"

namespace millrace::tokens {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr std::string_view kData = "../shared/data/";
constexpr std::string_view kDifferences =
    "libs/tokens/testdata/wycheproof_differences.txt";

std::string ReadFile(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

Struct ReadVectors(const std::string& path) {
  Struct vectors;
  const absl::Status status = FromJson(ReadFile(path), &vectors);
  EXPECT_TRUE(status.ok()) << path << ": " << status;
  return vectors;
}

const Value& Member(const Struct& object, const std::string& name) {
  static const Value* const kNone = new Value;
  const auto found = object.fields().find(name);
  return found == object.fields().end() ? *kNone : found->second;
}

std::string TextOf(const Struct& object, const std::string& name) {
  return Member(object, name).string_value();
}

absl::Status VerifyWith(const KeySet& keys, const std::string& text) {
  const auto jws = ReadJws(text);
  if (!jws.ok()) return jws.status();
  const auto key = KeyOf(*jws, keys);
  if (!key.ok()) return key.status();
  return VerifyJws(*jws, **key);
}

// The keys of a test or group, in whichever form they are.
absl::StatusOr<KeySet> KeysOf(const Struct& keys) {
  const std::string json = *ToJson(keys);
  if (keys.fields().contains("keys")) {
    const auto set = FromJwks(json);
    if (!set.ok()) return set.status();
    return KeySet(set->keys);
  }
  const auto key = FromJwk(json);
  if (!key.ok()) return key.status();
  return KeySet({*key});
}

TEST(RfcExamples, AreAnswered) {
  const std::string path = StrCat(kData, "jose-rfc-examples/vectors.json");
  if (!std::filesystem::exists(path)) {
    GTEST_SKIP() << "the examples of the RFCs are not at " << path
                 << " (relative to the source)";
  }
  int verified = 0;
  const Struct vectors = ReadVectors(path);
  for (const Value& entry : Member(vectors, "vectors").list_value().values()) {
    const Struct& vector = entry.struct_value();
    const std::string name = TextOf(vector, "name");
    const auto keys = KeysOf(Member(vector, "key").struct_value());
    // Of its secret anybody could make tokens: symmetric keys are not taken.
    const bool ours =
        Member(vector, "valid").bool_value() && name.find("HS256") == name.npos;
    const absl::Status status =
        keys.ok() ? VerifyWith(*keys, TextOf(vector, "jws")) : keys.status();
    EXPECT_EQ(status.ok(), ours) << name << ": " << status;
    if (status.ok()) ++verified;
  }
  EXPECT_EQ(verified, 3);
}

// "json_web_signature_test.json 17" -> why we answer otherwise.
std::map<std::string, std::string> ReadDifferences() {
  std::map<std::string, std::string> differences;
  std::ifstream file{std::string(kDifferences)};
  EXPECT_TRUE(file.is_open()) << kDifferences;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t colon = line.find(": ");
    EXPECT_NE(colon, line.npos) << line;
    differences[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return differences;
}

class Wycheproof : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Vectors, Wycheproof,
                         ::testing::Values("json_web_signature_test.json",
                                           "json_web_key_test.json"),
                         [](const auto& info) {
                           return std::string(info.param).substr(0, 12) ==
                                          "json_web_key"
                                      ? "Keys"
                                      : "Signatures";
                         });

TEST_P(Wycheproof, IsAnswered) {
  const std::string file = GetParam();
  const std::string path = StrCat(kData, "wycheproof/", file);
  if (!std::filesystem::exists(path)) {
    GTEST_SKIP() << "Wycheproof is not at " << path
                 << " (relative to the source)";
  }
  std::map<std::string, std::string> differences = ReadDifferences();
  std::erase_if(differences,
                [&](const auto& d) { return !d.first.starts_with(file); });
  const Struct vectors = ReadVectors(path);
  int verified = 0;
  int refused = 0;
  for (const Value& group :
       Member(vectors, "testGroups").list_value().values()) {
    const Struct& of_group = group.struct_value();
    const bool is_public = of_group.fields().contains("public");
    const auto keys = KeysOf(
        Member(of_group, is_public ? "public" : "private").struct_value());
    for (const Value& entry : Member(of_group, "tests").list_value().values()) {
      const Struct& test = entry.struct_value();
      const std::string id = StrCat(
          file, " ", static_cast<int>(Member(test, "tcId").number_value()));
      const bool labelled = TextOf(test, "result") == "valid";
      const absl::Status status =
          keys.ok() ? VerifyWith(*keys, TextOf(test, "jws")) : keys.status();
      ++(status.ok() ? verified : refused);
      const bool differs = differences.erase(id) > 0;
      EXPECT_EQ(status.ok() != labelled, differs)
          << id << ": " << TextOf(test, "comment") << ", labelled "
          << TextOf(test, "result") << ": " << status;
    }
  }
  EXPECT_GT(verified, 0);
  EXPECT_GT(refused, 0);
  for (const auto& [id, why] : differences) {
    ADD_FAILURE() << id << " is in " << kDifferences << ", but not in " << file;
  }
}

}  // namespace
}  // namespace millrace::tokens
