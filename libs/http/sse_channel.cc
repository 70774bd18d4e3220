#include "http/sse_channel.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <unordered_set>
#include <utility>

#include "base/random.h"
#include "base/status.h"
#include "base/strings.h"

namespace millrace::http {
namespace {

using Piece = std::optional<std::string>;

constexpr std::string_view kReset = "reset";

struct KeptEvent {
  std::string text;     // as it is sent
  uint64_t bytes_upto;  // of all events published, with this one
};

absl::Status Slow(size_t events, uint64_t bytes) {
  return absl::ResourceExhaustedError(
      StrCat("the client reads events too slowly: ", events, " events of ",
             bytes, " bytes wait for it"));
}

SseChannelOptions Checked(SseChannelOptions options) {
  ThrowIfError(options.Validate());
  return options;
}

bool HasLineEnd(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) !=
         std::string_view::npos;
}

}  // namespace

// Events are numbered from 1; 0 is before the first.
class SseChannel::Core {
 public:
  // One subscriber. It takes `next`, and waits when that is not there yet.
  struct Subscriber {
    uint64_t next = 1;
    std::string greeting;  // sent before
    // Where the window begins: what was there when it came, or was taken.
    uint64_t event_mark = 0;
    uint64_t byte_mark = 0;
    std::deque<Deferred<Piece>> readers;
    std::optional<absl::Status> gone;
  };
  using SubscriberPtr = std::shared_ptr<Subscriber>;

  Core(EventLoop& loop, SseChannelOptions options, Metrics& metrics)
      : loop_(loop),
        options_(std::move(options)),
        open_(metrics.AddGauge("millrace_http_sse_subscribers",
                               "Clients that subscribe to event channels")),
        slow_(metrics.AddCounter(
            "millrace_http_sse_cut_total",
            "Subscribers of event channels cut for reading too slowly")) {
    if (options_.epoch.empty()) {
      options_.epoch = StrCat(absl::Hex(RandomBits(), absl::kZeroPad16));
    }
  }

  absl::StatusOr<std::string> Publish(SseEvent event) {
    loop_.AssertThread();
    if (closed_) {
      return absl::FailedPreconditionError("the event channel is closed");
    }
    if (!event.id.empty()) {
      return absl::InvalidArgumentError(
          "an event of a channel must not have an id; the channel gives it "
          "one");
    }
    if (HasLineEnd(event.event) || event.event == kReset) {
      return absl::InvalidArgumentError(StrCat(
          "an event's name must not have a line end nor be \"", kReset, "\""));
    }
    event.id = Id(latest_ + 1);
    std::string text = FormatSse(event);
    if (text.size() > options_.keep_bytes) {
      return absl::ResourceExhaustedError(
          StrCat("an event of ", text.size(), " bytes is more than the ",
                 options_.keep_bytes, " bytes that are kept (keep_bytes)"));
    }
    ++latest_;
    total_bytes_ += text.size();
    kept_bytes_ += text.size();
    kept_.push_back({std::move(text), total_bytes_});
    while (kept_.size() > options_.keep_events ||
           kept_bytes_ > options_.keep_bytes) {
      kept_bytes_ -= kept_.front().text.size();
      kept_.pop_front();
    }
    for (auto it = subscribers_.begin(); it != subscribers_.end();) {
      const SubscriberPtr subscriber = *it++;  // it may be taken out
      Serve(*subscriber);
      CutIfSlow(subscriber);
    }
    return std::move(event.id);
  }

  SubscriberPtr Add(const Request& request) {
    loop_.AssertThread();
    auto subscriber = std::make_shared<Subscriber>();
    if (options_.retry) {
      StrAppend(&subscriber->greeting,
                "retry: ", absl::ToInt64Milliseconds(*options_.retry), "\n");
    }
    const std::string_view last = request.headers.Get("Last-Event-ID");
    const std::optional<uint64_t> number = NumberOf(last);
    if (!request.headers.Has("Last-Event-ID") || last.empty()) {
      subscriber->next = latest_ + 1;
      StrAppend(&subscriber->greeting, "id: ", Id(latest_), "\n\n");
    } else if (number && *number + 1 >= oldest()) {
      subscriber->next = *number + 1;
      if (options_.retry) subscriber->greeting += "\n";
    } else {
      subscriber->next = oldest();
      subscriber->greeting +=
          FormatSse({.event = std::string(kReset),
                     .data = number ? "forgotten" : "unknown",
                     .id = Id(oldest() - 1),
                     .retry = std::nullopt});
    }
    subscriber->event_mark = latest_;
    subscriber->byte_mark = total_bytes_;
    subscribers_.insert(subscriber);
    open_.Add(1);
    return subscriber;
  }

  Promise<Piece> Next(Subscriber& subscriber) {
    Deferred<Piece> reader;
    Promise<Piece> promise = reader.promise();
    subscriber.readers.push_back(std::move(reader));
    Serve(subscriber);
    return promise;
  }

  // The client has gone, was too slow, or everything was said.
  void Remove(const SubscriberPtr& subscriber, absl::Status status) {
    if (subscriber->gone) return;
    subscriber->gone = std::move(status);
    Serve(*subscriber);
    open_.Add(-1);
    subscribers_.erase(subscriber);
  }

  void Close() {
    loop_.AssertThread();
    closed_ = true;
    for (const SubscriberPtr& subscriber : subscribers_) Serve(*subscriber);
  }

  const SseChannelOptions& options() const { return options_; }
  size_t subscribers() const { return subscribers_.size(); }
  uint64_t cut() const { return cut_; }

 private:
  uint64_t oldest() const { return latest_ - kept_.size() + 1; }

  std::string Id(uint64_t number) const {
    return StrCat(options_.epoch, "-", number);
  }

  // Nothing when it is no id of this channel.
  std::optional<uint64_t> NumberOf(std::string_view id) const {
    if (!id.starts_with(options_.epoch)) return std::nullopt;
    id.remove_prefix(options_.epoch.size());
    if (!id.starts_with('-')) return std::nullopt;
    id.remove_prefix(1);
    uint64_t number = 0;
    const auto [end, error] =
        std::from_chars(id.data(), id.data() + id.size(), number);
    if (error != std::errc() || end != id.data() + id.size() ||
        number > latest_) {
      return std::nullopt;
    }
    return number;
  }

  // Gives those who wait what there is. The one copy of an event's text for
  // each subscriber is made here.
  void Serve(Subscriber& subscriber) {
    while (!subscriber.readers.empty()) {
      std::optional<Piece> piece;
      if (subscriber.gone) {
        if (subscriber.gone->ok()) piece.emplace();
      } else if (!subscriber.greeting.empty()) {
        piece.emplace(std::exchange(subscriber.greeting, {}));
      } else if (subscriber.next <= latest_) {
        piece.emplace(Take(subscriber));
      } else if (closed_) {
        piece.emplace();
      } else {
        return;
      }
      const Deferred<Piece> reader = std::move(subscriber.readers.front());
      subscriber.readers.pop_front();
      if (piece) {
        reader.Resolve(*std::move(piece));
      } else {
        reader.Reject(*subscriber.gone);
      }
    }
  }

  // It is kept: who lags behind that has been cut.
  std::string Take(Subscriber& subscriber) {
    const KeptEvent& event = kept_[subscriber.next - oldest()];
    subscriber.event_mark = std::max(subscriber.event_mark, subscriber.next);
    subscriber.byte_mark = std::max(subscriber.byte_mark, event.bytes_upto);
    ++subscriber.next;
    return event.text;
  }

  void CutIfSlow(const SubscriberPtr& subscriber) {
    const size_t events = latest_ - subscriber->event_mark;
    const uint64_t bytes = total_bytes_ - subscriber->byte_mark;
    const bool forgotten = subscriber->next < oldest();
    if (!forgotten && events <= options_.window_events &&
        (events <= 1 || bytes <= options_.window_bytes)) {
      return;
    }
    ++cut_;
    slow_.Add();
    Remove(subscriber, Slow(events, bytes));
  }

  EventLoop& loop_;
  SseChannelOptions options_;
  Gauge& open_;
  Counter& slow_;
  std::deque<KeptEvent> kept_;
  uint64_t latest_ = 0;  // the number of the last event
  uint64_t kept_bytes_ = 0;
  uint64_t total_bytes_ = 0;  // of all that was published
  uint64_t cut_ = 0;
  bool closed_ = false;
  std::unordered_set<SubscriberPtr> subscribers_;
};

class SseChannel::Source final : public StreamSource<std::string> {
 public:
  Source(std::shared_ptr<Core> core, Core::SubscriberPtr subscriber)
      : core_(std::move(core)), subscriber_(std::move(subscriber)) {}

  Promise<Piece> Next() override { return core_->Next(*subscriber_); }
  void Cancel(absl::Status reason) override {
    core_->Remove(subscriber_, std::move(reason));
  }

 private:
  const std::shared_ptr<Core> core_;
  const Core::SubscriberPtr subscriber_;
};

absl::Status SseChannelOptions::Validate() const {
  if (keep_events == 0 || keep_bytes == 0 || window_events == 0) {
    return absl::InvalidArgumentError(
        "keep_events, keep_bytes and window_events must be at least 1");
  }
  if (retry && *retry < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(StrCat("retry is ",
                                             absl::FormatDuration(*retry),
                                             "; it must not be negative"));
  }
  if (ping < absl::Milliseconds(1)) {
    return absl::InvalidArgumentError("ping must be at least 1ms");
  }
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
  };
  if (!std::all_of(epoch.begin(), epoch.end(), fits)) {
    return absl::InvalidArgumentError(
        "epoch must have only letters and digits: it stands in ids");
  }
  return absl::OkStatus();
}

SseChannel::SseChannel(EventLoop& loop, SseChannelOptions options,
                       Metrics& metrics)
    : core_(
          std::make_shared<Core>(loop, Checked(std::move(options)), metrics)) {}

SseChannel::~SseChannel() { Close(); }

absl::StatusOr<std::string> SseChannel::Publish(SseEvent event) {
  return core_->Publish(std::move(event));
}

Response SseChannel::Subscribe(const Request& request) {
  return SseResponse(
      Stream<std::string>(std::make_unique<Source>(core_, core_->Add(request))),
      core_->options().ping);
}

void SseChannel::Close() { core_->Close(); }

size_t SseChannel::subscribers() const { return core_->subscribers(); }

uint64_t SseChannel::cut() const { return core_->cut(); }

}  // namespace millrace::http
