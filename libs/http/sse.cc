#include "http/sse.h"

#include <string_view>
#include <utility>

#include "base/strings.h"

namespace millrace::http {
namespace {

void AppendField(std::string_view name, std::string_view value,
                 std::string* out) {
  out->append(name);
  out->append(": ");
  for (const char c : value) {
    if (c != '\r' && c != '\n' && c != '\0') out->push_back(c);
  }
  out->push_back('\n');
}

}  // namespace

std::string FormatSse(const SseEvent& event) {
  std::string out;
  out.reserve(event.data.size() + event.event.size() + event.id.size() + 32);
  if (!event.event.empty()) AppendField("event", event.event, &out);
  if (!event.id.empty()) AppendField("id", event.id, &out);
  if (event.retry) {
    StrAppend(&out, "retry: ", absl::ToInt64Milliseconds(*event.retry), "\n");
  }
  std::string_view data = event.data;
  while (true) {
    const size_t end = data.find_first_of("\r\n");
    AppendField("data", data.substr(0, end), &out);
    if (end == std::string_view::npos) break;
    data.remove_prefix(data.substr(end, 2) == "\r\n" ? end + 2 : end + 1);
  }
  out.push_back('\n');
  return out;
}

Response SseResponse(Stream<std::string> events) {
  Response response =
      Response::Streamed("text/event-stream", std::move(events));
  response.headers.Add("Cache-Control", "no-store");
  // Tells nginx not to gather events before it passes them on.
  response.headers.Add("X-Accel-Buffering", "no");
  return response;
}

}  // namespace millrace::http
