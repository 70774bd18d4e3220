#include "tests/faults/mortal.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace millrace::faults {
namespace {

class MortalTransport final : public bus::Transport {
 public:
  MortalTransport(bus::Transport& inner, std::string topic, Mortal& mortal)
      : inner_(inner), topic_(std::move(topic)), mortal_(mortal) {}

  Promise<void> Publish(std::vector<bus::Record> records) override {
    const bool event = records[0].topic == topic_;
    return inner_.Publish(std::move(records)).Then([&mortal = mortal_, event] {
      mortal.At(event ? "after-publish" : "after-letter");
    });
  }
  Promise<void> EnsureTopics(std::vector<bus::TopicSpec> topics) override {
    return inner_.EnsureTopics(std::move(topics));
  }
  absl::StatusOr<std::unique_ptr<bus::Consumer>> Join(
      bus::GroupSpec spec, bus::ConsumerEvents& events) override {
    return inner_.Join(std::move(spec), events);
  }
  Stream<bus::Record> Tail(std::vector<std::string> topics, bus::TailFrom from,
                           bool follow) override {
    return inner_.Tail(std::move(topics), from, follow);
  }
  Promise<std::vector<bus::GroupOffset>> Offsets(
      std::string group, std::vector<std::string> topics) override {
    return inner_.Offsets(std::move(group), std::move(topics));
  }
  Promise<std::vector<std::string>> Groups() override {
    return inner_.Groups();
  }
  absl::Status health() override { return inner_.health(); }
  Promise<void> Close(absl::Duration bound) override {
    return inner_.Close(bound);
  }

 private:
  bus::Transport& inner_;
  const std::string topic_;
  Mortal& mortal_;
};

}  // namespace

Mortal::Mortal(const std::string& when) {
  const size_t colon = when.find(':');
  if (colon == std::string::npos) return;
  point_ = when.substr(0, colon);
  left_ = std::atoi(when.c_str() + colon + 1);
}

void Mortal::At(std::string_view point) {
  if (point == point_ && --left_ == 0) kill(getpid(), SIGKILL);
}

std::unique_ptr<bus::Transport> MakeMortal(bus::Transport& inner,
                                           std::string topic, Mortal& mortal) {
  return std::make_unique<MortalTransport>(inner, std::move(topic), mortal);
}

}  // namespace millrace::faults
