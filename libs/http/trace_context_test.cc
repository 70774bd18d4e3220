// The cases of the W3C's own test suite of Trace Context, as requests over
// HTTP: which traces are gone on with, and what of their state.

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "http/connect_fixture.h"

namespace millrace::http {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr char kCases[] = "../shared/data/w3c-trace-context/cases.json";

const Value& In(const Value& value, const std::string& name) {
  return value.struct_value().fields().at(name);
}

// Its members, without the blanks around them.
std::vector<std::string> Members(std::string_view tracestate) {
  std::vector<std::string> members;
  for (const absl::string_view member :
       absl::StrSplit(ToAbsl(tracestate), ',')) {
    const std::string_view trimmed =
        Trim(std::string_view(member.data(), member.size()));
    if (!trimmed.empty()) members.emplace_back(trimmed);
  }
  return members;
}

class TraceContextTest : public ConnectFixture {
 protected:
  void Check(const Value& one) {
    std::string fields, parent;
    for (const Value& field : In(one, "send_headers").list_value().values()) {
      const std::string& name = field.list_value().values(0).string_value();
      const std::string& value = field.list_value().values(1).string_value();
      StrAppend(&fields, name, ":", value, "\r\n");
      if (EqualsIgnoreCase(name, "traceparent")) parent = Trim(value);
    }
    service_.trace = {};
    const TestResponse response =
        Ask(PostRequest("/test.v1.Echo/Put", "application/json", "{}", fields));
    ASSERT_EQ(response.status, 200) << fields;
    const Value& expected = In(one, "reference");
    const TraceContext& trace = service_.trace;
    EXPECT_TRUE(trace.valid()) << fields;
    const bool goes_on = In(expected, "traceparent_accepted").bool_value();
    EXPECT_EQ(
        parent.size() >= 35 && parent.substr(3, 32) == trace.trace_id_hex(),
        goes_on)
        << fields;
    if (goes_on && parent.ends_with("-02")) {
      EXPECT_EQ(trace.flags, 2) << fields;
    }

    const auto& sent = In(expected, "tracestate_out").list_value().values(0);
    std::string state;
    for (const Value& field : sent.list_value().values()) {
      StrAppend(&state, state.empty() ? "" : ",", field.string_value());
    }
    std::vector<std::string> members = Members(trace.tracestate);
    // Who passes on both of a pair is right, too.
    if (In(one, "test").string_value().ends_with("duplicated_keys")) {
      EXPECT_EQ(members.size(), 2u) << fields;
      members.resize(1);
    }
    EXPECT_EQ(members, Members(state)) << fields;
  }
};

TEST_F(TraceContextTest, DoesWhatTheReferenceDoes) {
  std::ifstream file(kCases);
  if (!file) GTEST_SKIP() << kCases << " is not here";
  std::stringstream text;
  text << file.rdbuf();
  Struct all;
  ASSERT_TRUE(
      google::protobuf::util::JsonStringToMessage(text.str(), &all).ok());
  const auto& cases = all.fields().at("cases").list_value().values();
  ASSERT_GT(cases.size(), 80);
  Serve([&] {
    for (const Value& one : cases) {
      SCOPED_TRACE(In(one, "test").string_value());
      Check(one);
    }
  });
}

}  // namespace
}  // namespace millrace::http
