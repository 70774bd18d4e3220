#include "tests/fuzz/json/run.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>
#include <google/protobuf/struct.pb.h>

#include <memory>

#include "base/strings.h"
#include "contract/json.h"
#include "contract/json_check.h"
#include "golden/json.pb.h"
#include "google/rpc/error_details.pb.h"

namespace millrace::contract {
namespace {

using fuzz::Demand;
using fuzz::Outcome;
using google::protobuf::Message;

const Message& TypeOf(char choice) {
  switch (choice) {
    case 'B':
      return google::rpc::BadRequest::default_instance();
    case 'S':
      return google::protobuf::Struct::default_instance();
    case 'V':
      return google::protobuf::Value::default_instance();
    default:
      return golden::Everything::default_instance();
  }
}

// Maps in one order, so that equal messages are equal bytes.
std::string Bytes(const Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&coded);
  }
  return bytes;
}

void CheckRefusal(const absl::Status& status) {
  Demand(absl::IsInvalidArgument(status) && !status.message().empty(),
         "a refusal is the writer's mistake and says why");
}

// What was written is strict JSON and is read as the same.
void CheckWritten(const Message& message, const std::string& json) {
  Demand(CheckJson(json).ok(), "what is written is strict JSON");
  const std::unique_ptr<Message> again(message.New());
  Demand(FromJson(json, again.get()).ok(), "what is written is read");
  // The bytes in an Any have maps in any order.
  if (json.find("@type") != json.npos) return;
  Demand(Bytes(*again) == Bytes(message), "what is read is what was written");
}

Outcome RunText(const Message& type, std::string_view text) {
  const std::unique_ptr<Message> message(type.New());
  const absl::Status status = FromJson(text, message.get());
  if (!status.ok()) {
    CheckRefusal(status);
    return Outcome::kRefused;
  }
  Demand(CheckJson(text).ok(), "what is read is strict JSON");
  const std::unique_ptr<Message> same(type.New());
  Demand(same->ParsePartialFromString(Bytes(*message)),
         "what is read has a binary form");
  const absl::StatusOr<std::string> json = ToJson(*message);
  // An Any of a type that is not linked, a path that has no JSON name.
  if (!json.ok()) {
    CheckRefusal(json.status());
    return Outcome::kRead;
  }
  CheckWritten(*message, *json);
  return Outcome::kRead;
}

Outcome RunBinary(std::string_view bytes) {
  golden::Everything message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Outcome::kRefused;
  }
  const absl::StatusOr<std::string> json = ToJson(message);
  if (!json.ok()) {
    CheckRefusal(json.status());
    return Outcome::kRefused;
  }
  // A text of a message may have NULs, which are refused where JSON is read.
  Demand(CheckJson(*json, {.allow_nul = true}).ok(),
         "what is written is strict JSON");
  return Outcome::kRead;
}

}  // namespace

Outcome RunInput(std::string_view input) {
  if (input.empty()) return Outcome::kRefused;
  if (input[0] == 'P') return RunBinary(input.substr(1));
  return RunText(TypeOf(input[0]), input.substr(1));
}

std::vector<std::string> Seeds() {
  const std::string everything = R"({"text":"\u00e9\ud83d\ude00","raw":"AQI=",
    "small":-3,"big":"-9007199254740993","unsignedBig":18446744073709551615,
    "ratio":1.5e3,"truth":true,"shade":"SHADE_DARK","inner":{"text":"x"},
    "inners":[{},{"small":1}],"words":["a","b"],"counts":{"a":1,"b":"2"},
    "byNumber":{"7":{"text":"y"}},"time":"2026-01-02T03:04:05.5Z",
    "pause":"1.5s","mask":"text,byNumber",
    "data":{"any":[1,null,{"thing":true}]},"value":[1],"list":[1,"x"],
    "wrapped":5,"maybe":"","nothing":null,"one":4,
    "any":{"@type":"type.googleapis.com/google.protobuf.Duration",
           "value":"2s"}})";
  golden::Everything message;
  std::vector<std::string> seeds = {
      StrCat("E", everything),
      R"(E{"ratio":"NaN","small":1e2,"time":"1970-01-01T00:00:00+01:00"})",
      R"(E{"ratio":"-Infinity","shade":1,"pause":"-0.000000001s"})",
      R"(B{"fieldViolations":[{"field":"a.b","description":"c"}]})",
      R"(S{"a":[1.5,"x",null,true,{"b":{}}]})",
      R"(V[[[[1]]],-0,1E-7])",
      R"(V'single')",
      R"(E{"text":"a",})"};
  if (FromJson(everything, &message).ok()) {
    seeds.push_back(StrCat("P", message.SerializeAsString()));
  }
  return seeds;
}

}  // namespace millrace::contract
