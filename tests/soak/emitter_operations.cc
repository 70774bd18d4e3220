// Emitters: listeners come and go, events are emitted, awaited and streamed.

#include <deque>

#include "events/event_emitter.h"
#include "tests/soak/soak.h"

namespace millrace::soak {
namespace {

struct Shop {
  struct Sold {
    using Payload = Token;
    static constexpr size_t kIndex = 0;
    static constexpr std::string_view kName = "Sold";
  };
  static constexpr size_t kEventCount = 1;
};
using Sold = Shop::Sold;

class Emitters final : public Operations {
 public:
  explicit Emitters(Soak& soak) : soak_(soak) {
    for (Place& place : places_) Renew(place);
  }

  ~Emitters() override {
    for (const Place& place : places_) {
      if (place.emitter->ListenerCount<Sold>() != 0) {
        soak_.Problem("an emitter has listeners that nobody added");
      }
    }
  }

  std::string_view name() const override { return "emitters"; }

  void Step() override {
    Place& place = places_[soak_.Below(kPlaces)];
    switch (soak_.Below(16)) {
      case 0:
      case 1:
        return Add(place);
      case 2:
      case 3:
        return Remove(place);
      case 4: {
        soak_.Begin();
        place.emitter->Once<Sold>(
            [this, token = soak_.token()] { soak_.End(); });
        ++place.once;
        return;
      }
      case 5:
        return soak_.Watch(place.emitter->Once<Sold>());
      case 6: {
        const AbortController controller;
        soak_.Watch(place.emitter->Once<Sold>(controller.signal()));
        return soak_.Later([controller] { controller.Abort(); });
      }
      case 7: {
        auto stream =
            std::make_shared<Stream<Token>>(place.emitter->Events<Sold>());
        soak_.Watch(stream->Next());
        return soak_.Later(
            [stream, token = soak_.token()] { stream->Cancel(); });
      }
      case 8: {
        if (!soak_.OneIn(8)) return;
        return Renew(place);
      }
      default:
        return Emit(place);
    }
  }

  void Finish() override {
    for (Place& place : places_) {
      Emit(place);
      while (!place.listeners.empty()) Remove(place);
    }
  }

 private:
  static constexpr uint32_t kPlaces = 4;

  struct Place {
    std::unique_ptr<EventEmitter<Shop>> emitter;
    std::deque<Listener<Sold>> listeners;
    size_t calls = 0;  // of the listeners
    uint64_t once = 0;
  };

  void Add(Place& place) {
    if (place.listeners.size() >= 8) return;
    auto listener = [&place, token = soak_.token()] { ++place.calls; };
    const ListenOptions sync;
    place.listeners.push_back(
        soak_.OneIn(2)
            ? place.emitter->On<Sold>(std::move(listener), sync)
            : place.emitter->PrependListener<Sold>(std::move(listener), sync));
  }

  void Remove(Place& place) {
    if (place.listeners.empty()) return;
    if (!place.emitter->Off(place.listeners.front())) {
      soak_.Problem("a listener was not there any more");
    }
    place.listeners.pop_front();
  }

  void Emit(Place& place) {
    place.calls = 0;
    place.emitter->Emit<Sold>(soak_.token());
    place.once = 0;
    if (place.calls != place.listeners.size()) {
      soak_.Problem("an emit did not call each listener once");
    }
  }

  // Another emitter: promises and streams of the old one end with it.
  void Renew(Place& place) {
    for (; place.once > 0; --place.once) soak_.End();
    place.listeners.clear();
    place.emitter = std::make_unique<EventEmitter<Shop>>(
        soak_.loop(), EmitterOptions{.max_listeners = 0});
  }

  Soak& soak_;
  Place places_[kPlaces];
};

}  // namespace

std::vector<Weighted> EmitterOperations(Soak& soak) {
  std::vector<Weighted> all;
  all.push_back({20, std::make_unique<Emitters>(soak)});
  return all;
}

}  // namespace millrace::soak
