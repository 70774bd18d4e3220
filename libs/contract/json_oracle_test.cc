// The JSON of random messages is what libprotobuf makes of them, both ways.
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "contract/json.h"
#include "contract/json_check.h"
#include "contract/json_string.h"
#include "contract/testing/random_message.h"
#include "contract/utf8.h"
#include "golden/json.pb.h"

namespace millrace {
namespace {

namespace pb = google::protobuf;
using golden::Everything;
using pb::util::MessageDifferencer;

// Makes of random values such as have JSON.
class Mender {
 public:
  explicit Mender(std::mt19937* random) : random_(*random) {}

  void Mend(Everything* message) {
    // JSON has one form for all values of this one.
    message->clear_nothing();
    auto& paths = *message->mutable_mask()->mutable_paths();
    paths.erase(std::remove(paths.begin(), paths.end(), ""), paths.end());
    if (message->has_time()) {
      message->mutable_time()->set_seconds(
          Within(-62'135'596'800, 253'402'300'799));
      message->mutable_time()->set_nanos(Nanos());
    }
    if (message->has_pause()) {
      const int64_t sign = Within(0, 1) == 0 ? -1 : 1;
      message->mutable_pause()->set_seconds(sign * Within(0, 315'575'999'999));
      message->mutable_pause()->set_nanos(static_cast<int32_t>(sign) * Nanos());
    }
    if (message->has_any()) {
      Everything held;
      if (Within(0, 1) == 0) {
        held.set_text("held");
        message->mutable_any()->PackFrom(held);
      } else {
        held.mutable_time()->set_seconds(Within(0, 1'000'000));
        message->mutable_any()->PackFrom(held.time());
      }
    }
    for (auto& [name, value] : *message->mutable_data()->mutable_fields()) {
      Mend(&value);
    }
    for (auto& value : *message->mutable_list()->mutable_values()) Mend(&value);
    if (message->has_value()) Mend(message->mutable_value());
    if (message->has_inner()) Mend(message->mutable_inner());
    for (auto& inner : *message->mutable_inners()) Mend(&inner);
    for (auto& [key, inner] : *message->mutable_by_number()) Mend(&inner);
  }

 private:
  void Mend(pb::Value* value) {
    if (value->kind_case() == pb::Value::KIND_NOT_SET ||
        value->kind_case() == pb::Value::kNullValue) {
      value->set_null_value(pb::NULL_VALUE);
    }
    if (value->has_list_value()) {
      for (auto& one : *value->mutable_list_value()->mutable_values()) {
        Mend(&one);
      }
    }
    if (value->has_struct_value()) {
      auto& fields = *value->mutable_struct_value()->mutable_fields();
      for (auto& [name, one] : fields) Mend(&one);
    }
  }

  int64_t Within(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  int32_t Nanos() {
    static constexpr int32_t kUnits[] = {0, 1, 1'000, 1'000'000, 100'000'000};
    const int32_t unit = kUnits[Within(0, 4)];
    return unit == 0
               ? 0
               : static_cast<int32_t>(Within(0, 999'999'999 / unit)) * unit;
  }

  std::mt19937& random_;
};

// What differs, or "".
std::string Difference(const Everything& one, const Everything& other) {
  std::string report;
  MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&report);
  differencer.Compare(one, other);
  return report;
}

// As it comes from the wire: by reflection a map can have a key twice.
Everything Random(std::mt19937* random) {
  Everything made, message;
  Randomize(random, 4, &made);
  EXPECT_TRUE(message.ParseFromString(made.SerializeAsString()));
  Mender(random).Mend(&message);
  return message;
}

TEST(JsonOracle, RandomMessages) {
  std::mt19937 random(1);
  for (int round = 0; round < 2'000; ++round) {
    const Everything message = Random(&random);
    const absl::StatusOr<std::string> ours = ToJson(message);
    ASSERT_TRUE(ours.ok()) << ours.status() << message.ShortDebugString();
    std::string theirs;
    ASSERT_TRUE(pb::util::MessageToJsonString(message, &theirs).ok());

    Everything of_ours, of_theirs, by_them;
    ASSERT_EQ(FromJson(*ours, &of_ours), absl::OkStatus()) << *ours;
    ASSERT_EQ(FromJson(theirs, &of_theirs), absl::OkStatus()) << theirs;
    const auto read = pb::util::JsonStringToMessage(*ours, &by_them);
    ASSERT_TRUE(read.ok()) << read << "\n" << *ours;
    ASSERT_EQ(Difference(of_ours, message), "") << *ours;
    ASSERT_EQ(Difference(of_theirs, message), "") << theirs;
    ASSERT_EQ(Difference(by_them, message), "") << *ours;
  }
}

// Messages of types that the program learned while it ran.
TEST(JsonOracle, DynamicMessages) {
  std::vector<const pb::FileDescriptor*> files = {
      Everything::descriptor()->file()};
  for (size_t i = 0; i < files.size(); ++i) {
    for (int j = 0; j < files[i]->dependency_count(); ++j) {
      files.push_back(files[i]->dependency(j));
    }
  }
  pb::DescriptorPool pool;
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    if (pool.FindFileByName((*file)->name()) != nullptr) continue;
    pb::FileDescriptorProto proto;
    (*file)->CopyTo(&proto);
    ASSERT_NE(pool.BuildFile(proto), nullptr) << proto.name();
  }
  pb::DynamicMessageFactory factory(&pool);
  const pb::Message& prototype = *factory.GetPrototype(
      pool.FindMessageTypeByName(Everything::descriptor()->full_name()));

  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    const Everything message = Random(&random);
    const std::string json = *ToJson(message);
    const std::unique_ptr<pb::Message> dynamic(prototype.New());
    ASSERT_EQ(FromJson(json, dynamic.get()), absl::OkStatus()) << json;
    Everything same, again;
    ASSERT_TRUE(same.ParseFromString(dynamic->SerializeAsString()));
    ASSERT_EQ(Difference(same, message), "") << json;
    ASSERT_EQ(FromJson(*ToJson(*dynamic), &again), absl::OkStatus()) << json;
    ASSERT_EQ(Difference(again, message), "") << json;
  }
}

TEST(JsonOracle, RandomTexts) {
  std::mt19937 random(3);
  const auto below = [&](uint32_t bound) { return random() % bound; };
  for (int round = 0; round < 5'000; ++round) {
    std::string text;
    for (uint32_t i = below(20); i > 0; --i) {
      static constexpr char32_t kBounds[] = {0x20, 0x80, 0x800, 0x3000,
                                             0x110000};
      char32_t point = 1 + below(kBounds[below(5)] - 1);
      if (point >= 0xD800 && point < 0xE000) point = U'"';
      AppendUtf8(point, &text);
    }
    const std::string json = JsonString(text);
    ASSERT_EQ(CheckJson(json), absl::OkStatus()) << json;
    pb::Value ours, theirs;
    ASSERT_EQ(FromJson(json, &ours), absl::OkStatus()) << json;
    ASSERT_TRUE(pb::util::JsonStringToMessage(json, &theirs).ok()) << json;
    ASSERT_EQ(ours.string_value(), text) << json;
    ASSERT_EQ(theirs.string_value(), text) << json;
  }
}

TEST(JsonString, EscapesWhatMustBeAndWhatPagesMistake) {
  EXPECT_EQ(JsonString("a\"\\/\b\f\n\r\t\x01\x7f"),
            R"("a\"\\/\b\f\n\r\t\u0001\u007f")");
  EXPECT_EQ(JsonString("</script>\u2028\u2029\u00e9"),
            "\"\\u003c/script\\u003e\\u2028\\u2029\u00e9\"");
  EXPECT_EQ(JsonString("\xff\xc3(\xe2\x82"), "\"\uFFFD\uFFFD(\uFFFD\uFFFD\"");
}

}  // namespace
}  // namespace millrace
