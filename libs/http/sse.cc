#include "http/sse.h"

#include <exception>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/event_loop.h"

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

// Writes a comment now and then while nobody else writes.
class Ping {
 public:
  Ping(StreamWriter<std::string> out, absl::Duration every)
      : timer_(EventLoop::Current()->SetInterval(every, [this, out] {
          if (busy_) return;
          (void)out.Write(": ping\n\n").Catch([](std::exception_ptr) {});
        })) {
    timer_.Unref();
  }
  Ping(const Ping&) = delete;
  ~Ping() { timer_.Clear(); }

  void set_busy(bool busy) {
    busy_ = busy;
    if (!busy) timer_.Refresh();
  }

 private:
  Timer timer_;
  bool busy_ = false;
};

// Never rejects: a failure goes to `out`.
Promise<void> Relay(Stream<std::string> events, StreamWriter<std::string> out,
                    absl::Duration every) {
  const auto gone = out.cancelled().OnAbort([&events] { events.Cancel(); });
  Ping ping(out, every);
  try {
    while (!out.cancelled().aborted()) {
      std::optional<std::string> event = co_await events.Next();
      if (!event) break;
      ping.set_busy(true);
      co_await out.Write(*std::move(event));
      ping.set_busy(false);
    }
    out.Close();
  } catch (...) {
    out.Fail(StatusFrom(std::current_exception()));
  }
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

std::string FormatSseId(std::string_view id) {
  std::string out;
  AppendField("id", id, &out);
  out.push_back('\n');
  return out;
}

Response SseResponse(Stream<std::string> events, absl::Duration ping) {
  Pipe<std::string> pipe = MakePipe<std::string>(1);
  Relay(std::move(events), pipe.writer, ping).Detach();
  Response response =
      Response::Streamed("text/event-stream", std::move(pipe.stream));
  response.headers.Add("Cache-Control", "no-store");
  // Tells nginx not to gather events before it passes them on.
  response.headers.Add("X-Accel-Buffering", "no");
  return response;
}

}  // namespace millrace::http
