#include "tools/millrace/event_text.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "base/strings.h"
#include "base/trace.h"
#include "contract/errors.h"
#include "contract/json.h"
#include "contract/time.h"

namespace millrace::cli {
namespace {

constexpr size_t kShownBytes = 64;

std::string TimeText(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", TimeFrom(time),
                          absl::UTCTimeZone());
}

std::string CodeText(int code) {
  return std::string(CodeName(static_cast<absl::StatusCode>(code)));
}

std::string BytesText(const std::string& bytes) {
  return StrCat(bytes.size(), " bytes that are not understood here: ",
                absl::CHexEscape(bytes.substr(0, kShownBytes)),
                bytes.size() > kShownBytes ? "..." : "");
}

// The message as JSON, or nothing when its type is not linked here.
std::optional<std::string> JsonOf(const google::protobuf::Any& any) {
  using google::protobuf::DescriptorPool;
  using google::protobuf::MessageFactory;
  const std::string& url = any.type_url();
  const auto* type = DescriptorPool::generated_pool()->FindMessageTypeByName(
      url.substr(url.rfind('/') + 1));
  if (type == nullptr) return std::nullopt;
  const std::unique_ptr<google::protobuf::Message> message(
      MessageFactory::generated_factory()->GetPrototype(type)->New());
  if (!any.UnpackTo(message.get())) return std::nullopt;
  auto json = ToJson(*message);
  if (!json.ok()) return std::nullopt;
  return *std::move(json);
}

std::string PayloadText(const v1::Envelope& event) {
  if (!event.has_proto_data()) return BytesText(event.binary_data());
  return JsonOf(event.proto_data())
      .value_or(BytesText(event.proto_data().value()));
}

std::string TraceIdOf(const v1::Envelope& event) {
  const auto trace = TraceContext::Parse(event.traceparent());
  return trace ? trace->trace_id_hex() : "-";
}

std::string OrDash(const std::string& text) {
  return text.empty() ? "-" : text;
}

void AddLine(std::string_view name, std::string_view value, std::string* text) {
  absl::StrAppendFormat(text, "%-12s %s\n", ToAbsl(name), Printable(value));
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string printable;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next =
        static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {
      printable += absl::CHexEscape(ToAbsl(text.substr(i++, 2)));
    } else if (byte < 0x20 || byte == 0x7f) {
      printable += absl::CHexEscape(ToAbsl(text.substr(i, 1)));
    } else {
      printable += text[i];
    }
  }
  return printable;
}

std::string EventLine(const v1::Envelope& event) {
  return Printable(StrCat(
      TimeText(event.time()), "  ", event.type(), "  key=", OrDash(event.key()),
      "  source=", OrDash(event.source()), "  trace=", TraceIdOf(event),
      "  id=", event.id(), "  ", PayloadText(event)));
}

std::string LetterLine(const v1::DeadLetter& letter) {
  return Printable(StrCat(letter.id(), "  ", TimeText(letter.dead_time()), "  ",
                          OrDash(letter.event().type()),
                          "  key=", OrDash(letter.event().key()), "  after ",
                          letter.attempts(),
                          letter.attempts() == 1 ? " attempt" : " attempts",
                          letter.replayed() ? ", replayed" : "", "  ",
                          CodeText(letter.code()), ": ", letter.reason()));
}

std::string LetterText(const v1::DeadLetter& letter) {
  const v1::Envelope& event = letter.event();
  std::string text;
  AddLine("letter", letter.id(), &text);
  AddLine("group", letter.group(), &text);
  AddLine("record",
          StrCat(letter.topic(), " partition ", letter.partition(), " offset ",
                 letter.offset()),
          &text);
  AddLine("given up",
          StrCat(TimeText(letter.dead_time()), " after ", letter.attempts(),
                 letter.attempts() == 1 ? " attempt" : " attempts"),
          &text);
  AddLine("replayed", letter.replayed() ? "yes" : "no", &text);
  AddLine("reason", StrCat(CodeText(letter.code()), ": ", letter.reason()),
          &text);
  for (const v1::AttemptError& error : letter.errors()) {
    AddLine(StrCat("attempt ", error.attempt()),
            StrCat(TimeText(error.time()), "  ", CodeText(error.code()), ": ",
                   error.message()),
            &text);
  }
  AddLine("event", OrDash(event.type()), &text);
  AddLine("id", OrDash(event.id()), &text);
  AddLine("key", OrDash(event.key()), &text);
  AddLine("source", OrDash(event.source()), &text);
  if (event.has_time()) AddLine("time", TimeText(event.time()), &text);
  AddLine("trace", TraceIdOf(event), &text);
  std::vector<std::string> extensions;
  for (const auto& [name, value] : event.extensions()) {
    extensions.push_back(StrCat(name, "=", value));
  }
  std::sort(extensions.begin(), extensions.end());
  for (const std::string& extension : extensions) {
    AddLine("with", extension, &text);
  }
  AddLine("payload",
          letter.truncated() ? "too large for a letter; the record has it"
                             : PayloadText(event),
          &text);
  return text;
}

}  // namespace millrace::cli
