// The bus over Server-Sent Events, gone on with by Last-Event-ID.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "runtime/testdata/sample_host.h"

namespace millrace::runtime {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// "{...}" percent-encoded.
constexpr char kWhole[] =
    "/millrace.v1.BusService/Tail?message=%7B%22fromBeginning%22:true%7D";

struct SeenEvent {
  std::string id;
  std::string name;
  std::string data;
};

std::vector<SeenEvent> EventsIn(const std::string& answer) {
  std::vector<SeenEvent> events;
  SeenEvent event;
  for (const absl::string_view part : absl::StrSplit(answer, '\n')) {
    const std::string line(part);
    if (line.starts_with("id: ")) event.id = line.substr(4);
    if (line.starts_with("event: ")) event.name = line.substr(7);
    if (line.starts_with("data: ")) event.data = line.substr(6);
    if (!line.empty() || (event.id + event.data).empty()) continue;
    events.push_back(std::exchange(event, {}));
  }
  return events;
}

class HostEventsTest : public SampleHostTest {
 protected:
  void Emit(const std::string& text) {
    ASSERT_THAT(Http("POST", "/millrace.v1.BusService/Emit",
                     StrCat(R"({"type":"sample.v1.GreeterEvents.Greeted",)"
                            R"("json":"{\"text\":\")",
                            text, R"(\"}"})")),
                testing::StartsWith("HTTP/1.1 200 "));
  }
  std::vector<SeenEvent> Events(const std::string& more = "") {
    return EventsIn(
        Http("GET", kWhole, "", "Accept: text/event-stream\r\n" + more));
  }
  std::vector<SeenEvent> EventsAfter(const std::string& id) {
    return Events(StrCat("Last-Event-ID: ", id, "\r\n"));
  }
};

TEST_F(HostEventsTest, ClientsThatComeBackMissNothing) {
  Start();
  Emit("one");
  Emit("two");
  const std::vector<SeenEvent> all = Events();
  ASSERT_EQ(all.size(), 4u);
  // Where it begins, for who is cut off before the first event.
  EXPECT_NE(all[0].id, "");
  EXPECT_EQ(all[0].data, "");
  EXPECT_THAT(all[1].data, HasSubstr("one"));
  EXPECT_THAT(all[2].data, HasSubstr("two"));
  EXPECT_EQ(all[3].name, "end");
  EXPECT_NE(all[1].id, all[2].id);

  Emit("three");
  const std::vector<SeenEvent> later = EventsAfter(all[1].id);
  ASSERT_EQ(later.size(), 4u);
  EXPECT_THAT(later[1].data, AllOf(HasSubstr("two"), Not(HasSubstr("missed"))));
  EXPECT_THAT(later[2].data, HasSubstr("three"));
  EXPECT_EQ(EventsAfter(all[0].id).size(), 5u);
  EXPECT_EQ(EventsAfter(later[2].id).size(), 2u);
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostEventsTest, IdThatIsNoPositionIsRefused) {
  Start();
  const std::vector<SeenEvent> events = EventsAfter("12");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].name, "error");
  EXPECT_THAT(events[0].data,
              AllOf(HasSubstr("invalid_argument"), HasSubstr("no position")));
  EXPECT_TRUE(Drain().ok());
}

// Over the other forms `after` asks for it.
TEST_F(HostEventsTest, PositionsAreForWhoAsks) {
  Start();
  Emit("one");
  const auto tail = [this](const std::string& message) {
    const std::string size({0, 0, 0, 0, static_cast<char>(message.size())});
    const int port = PortOf(host_->http_address());
    const std::string request = StrCat(
        "POST /millrace.v1.BusService/Tail HTTP/1.1\r\nhost: localhost\r\n"
        "connection: close\r\ncontent-type: application/connect+json\r\n"
        "content-length: ",
        message.size() + 5, "\r\n\r\n", size, message);
    return *Settle(loop_, loop_.workers().Run([port, request] {
      return HttpExchangeRaw(port, request);
    }));
  };
  EXPECT_THAT(tail(R"({"fromBeginning":true})"),
              AllOf(HasSubstr("one"), Not(HasSubstr("position"))));
  EXPECT_THAT(tail(R"({"fromBeginning":true,"after":""})"),
              AllOf(HasSubstr(R"({"position":")"), HasSubstr("one")));
  EXPECT_TRUE(Drain().ok());
}

}  // namespace
}  // namespace millrace::runtime
