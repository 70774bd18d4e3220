#include "loop/timeline.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/strings.h"
#include "loop/loop_lag.h"
#include "loop/microtasks.h"
#include "loop/monotonic.h"
#include "loop/timeline_track.h"

namespace millrace {
namespace loop_internal {

constinit thread_local TimelineTrack* thread_track = nullptr;

}  // namespace loop_internal

namespace {

using loop_internal::MonotonicNs;
using loop_internal::thread_track;

constexpr auto kPeriod = std::chrono::milliseconds(250);

struct Text {
  void Set(std::string_view text) {
    size = static_cast<uint8_t>(std::min(text.size(), bytes.size()));
    std::memcpy(bytes.data(), text.data(), size);
  }
  std::string_view view() const { return {bytes.data(), size}; }

  uint8_t size = 0;
  std::array<char, 95> bytes;
};

struct Event {
  const char* kind;
  bool span;
  int track;
  int64_t begin;
  int64_t end;
  uint64_t id;
  Text name;
  Text detail;
};

void AppendQuoted(std::string* out, std::string_view text) {
  out->push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out->push_back('\\');
    // Names are ASCII; what is not must not break the file.
    out->push_back(c >= ' ' && c <= '~' ? c : '?');
  }
  out->push_back('"');
}

void AppendEvent(std::string* out, const Event& event, const char* phase,
                 int64_t time) {
  out->append(",\n{\"name\":");
  AppendQuoted(out, event.name.view());
  absl::StrAppendFormat(out,
                        ",\"cat\":\"%s\",\"ph\":\"%s\",\"ts\":%d.%03d,"
                        "\"pid\":%d,\"tid\":%d",
                        event.kind, phase, time / 1000, time % 1000, getpid(),
                        event.track);
  if (event.span) {
    absl::StrAppendFormat(out, ",\"id\":\"%x\"", event.id);
  } else {
    const int64_t length = event.end - event.begin;
    absl::StrAppendFormat(out, ",\"dur\":%d.%03d", length / 1000,
                          length % 1000);
  }
  if (event.detail.size > 0) {
    out->append(",\"args\":{\"event\":");
    AppendQuoted(out, event.detail.view());
    out->push_back('}');
  }
  out->push_back('}');
}

}  // namespace

class Timeline::Impl {
 public:
  Impl(std::FILE* file, const Options& options)
      : file_(file), options_(Sane(options)) {
    Write(
        absl::StrFormat("[\n{\"name\":\"process_name\",\"ph\":\"M\","
                        "\"pid\":%d,\"args\":{\"name\":\"millrace\"}}",
                        getpid()));
    writer_ = std::thread([this] { Run(); });
    pthread_setname_np(writer_.native_handle(), "timeline");
  }

  ~Impl() {
    {
      std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_one();
    writer_.join();
    Write("\n]\n");
    std::fclose(file_);
  }

  int AddTrack(const std::string& name) {
    std::lock_guard lock(mutex_);
    std::string line = absl::StrFormat(
        ",\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":%d,\"tid\":%d,"
        "\"args\":{\"name\":",
        getpid(), ++tracks_);
    AppendQuoted(&line, name);
    preamble_ += line + "}}";
    return tracks_;
  }

  void Add(const Event& event) {
    bool full;
    {
      std::lock_guard lock(mutex_);
      if (events_.size() >= options_.buffered_events || over_) {
        ++dropped_;
        return;
      }
      events_.push_back(event);
      full = events_.size() == options_.buffered_events / 2;
    }
    if (full) wake_.notify_one();
  }

  int64_t dropped() const {
    std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  // The writer waits for half a buffer, which must not be nothing.
  static Options Sane(Options options) {
    options.buffered_events = std::max<size_t>(options.buffered_events, 2);
    return options;
  }

  void Run() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait_for(lock, kPeriod, [this] {
        return ending_ || events_.size() >= options_.buffered_events / 2;
      });
      const bool last = ending_;
      std::string text = std::exchange(preamble_, {});
      std::vector<Event> events = std::exchange(events_, {});
      lock.unlock();
      for (const Event& event : events) {
        AppendEvent(&text, event, event.span ? "b" : "X", event.begin);
        if (event.span) AppendEvent(&text, event, "e", event.end);
      }
      Write(text);
      lock.lock();
      over_ = written_ >= options_.max_bytes;
      if (last) return;
    }
  }

  void Write(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), file_);
    std::fflush(file_);
    written_ += static_cast<int64_t>(text.size());
  }

  std::FILE* const file_;
  const Options options_;
  int64_t written_ = 0;  // the writer's
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Event> events_;
  std::string preamble_;
  int tracks_ = 0;
  int64_t dropped_ = 0;
  bool over_ = false;
  bool ending_ = false;
  std::thread writer_;
};

namespace {

class Track final : public loop_internal::TimelineTrack {
 public:
  Track(Timeline::Impl& impl, int number) : impl_(impl), number_(number) {}

  void Slice(const char* kind, std::string_view name, std::string_view detail,
             int64_t begin) override {
    Add(kind, false, name, detail, begin, 0);
  }
  void Span(const char* kind, std::string_view name, std::string_view detail,
            int64_t begin, uint64_t id) override {
    Add(kind, true, name, detail, begin, id);
  }

 private:
  void Add(const char* kind, bool span, std::string_view name,
           std::string_view detail, int64_t begin, uint64_t id) {
    Event event{kind, span, number_, begin, MonotonicNs(), id, {}, {}};
    event.name.Set(name);
    event.detail.Set(detail);
    impl_.Add(event);
  }

  Timeline::Impl& impl_;
  const int number_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Timeline>> Timeline::Open(
    const std::string& path, const Options& options) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) {
    return absl::UnavailableError(
        StrCat("cannot write the timeline ", path, ": ", std::strerror(errno)));
  }
  return std::unique_ptr<Timeline>(
      new Timeline(std::make_unique<Impl>(file, options)));
}

Timeline::Timeline(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Timeline::~Timeline() = default;

int64_t Timeline::dropped() const { return impl_->dropped(); }

std::unique_ptr<Timeline::Recording> Timeline::Record(EventLoop& loop,
                                                      const std::string& name) {
  loop.AssertThread();
  if (thread_track != nullptr) {
    loop_internal::Fatal("a loop was given a second timeline");
  }
  // Which takes the times of the phases.
  MeasureLag(loop);
  thread_track = new Track(*impl_, impl_->AddTrack(name));
  return std::unique_ptr<Recording>(new Recording);
}

Timeline::Recording::~Recording() {
  delete std::exchange(thread_track, nullptr);
}

}  // namespace millrace
