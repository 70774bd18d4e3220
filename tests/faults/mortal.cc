#include "tests/faults/mortal.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "bus/testing/forwarding.h"
#include "loop/combinators.h"

namespace millrace::faults {
namespace {

constexpr absl::Duration kOnItsWay = absl::Milliseconds(20);

class MortalTransport final : public bus::ForwardingTransport {
 public:
  MortalTransport(bus::Transport& inner, std::string topic, Mortal& mortal)
      : ForwardingTransport(inner), topic_(std::move(topic)), mortal_(mortal) {}

  Promise<void> Publish(std::vector<bus::Record> records) override {
    const bool event = records[0].topic == topic_;
    if (event && mortal_.IsUp("after-send")) {
      // On its way, and nobody hears the answer.
      Promise<void> sent = inner_.Publish(std::move(records));
      return Delay(kOnItsWay).Then([sent] { Mortal::Die(); });
    }
    return inner_.Publish(std::move(records)).Then([&mortal = mortal_, event] {
      mortal.At(event ? "after-publish" : "after-letter");
    });
  }

 private:
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

bool Mortal::IsUp(std::string_view point) {
  return point == point_ && --left_ == 0;
}

void Mortal::At(std::string_view point) {
  if (IsUp(point)) Die();
}

void Mortal::Die() { kill(getpid(), SIGKILL); }

std::unique_ptr<bus::Transport> MakeMortal(bus::Transport& inner,
                                           std::string topic, Mortal& mortal) {
  return std::make_unique<MortalTransport>(inner, std::move(topic), mortal);
}

}  // namespace millrace::faults
