// Timers, immediates, ticks and microtasks.

#include "tests/soak/soak.h"

namespace millrace::soak {
namespace {

class Timers final : public Operations {
 public:
  explicit Timers(Soak& soak) : soak_(soak), slots_(1024) {}

  std::string_view name() const override { return "timers"; }

  void Step() override {
    Slot& slot = slots_[soak_.Below(1024)];
    switch (soak_.Below(8)) {
      case 0:
        return Clear(slot);
      case 1:
        // One that has fired starts again.
        if (!slot.used) return;
        if (!slot.timer.active()) soak_.Begin();
        return slot.timer.Refresh();
      case 2:
        slot.timer.Unref();
        return slot.timer.Ref();
      case 3:
        return Repeat(slot);
      default:
        return Set(slot);
    }
  }

  void Finish() override {
    for (Slot& slot : slots_) Clear(slot);
  }

 private:
  struct Slot {
    Timer timer;
    bool used = false;
    int left = 0;
  };

  absl::Duration Some() { return absl::Milliseconds(soak_.Below(6)); }

  void Clear(Slot& slot) {
    if (!slot.used) return;
    if (slot.timer.active()) soak_.End();
    slot.timer.Clear();
    slot.timer = Timer();
    slot.used = false;
  }

  void Set(Slot& slot) {
    Clear(slot);
    soak_.Begin();
    slot.used = true;
    slot.timer = soak_.loop().SetTimeout(
        Some(), [this, token = soak_.token()] { soak_.End(); });
  }

  // Ends by itself.
  void Repeat(Slot& slot) {
    Clear(slot);
    soak_.Begin();
    slot.used = true;
    slot.left = 1 + static_cast<int>(soak_.Below(4));
    slot.timer =
        soak_.loop().SetInterval(Some(), [this, &slot, token = soak_.token()] {
          if (--slot.left == 0) Clear(slot);
        });
  }

  Soak& soak_;
  std::vector<Slot> slots_;
};

class Immediates final : public Operations {
 public:
  explicit Immediates(Soak& soak) : soak_(soak), slots_(64) {}

  std::string_view name() const override { return "immediates"; }

  void Step() override {
    Immediate& slot = slots_[soak_.Below(64)];
    if (slot.active() && soak_.OneIn(2)) {
      soak_.End();
      slot.Clear();
      return;
    }
    soak_.Begin();
    slot = soak_.loop().SetImmediate(
        [this, token = soak_.token()] { soak_.End(); });
  }

  void Finish() override { slots_.clear(); }

 private:
  Soak& soak_;
  std::vector<Immediate> slots_;
};

// Ticks and microtasks, which queue each other for some generations.
class Queues final : public Operations {
 public:
  explicit Queues(Soak& soak) : soak_(soak) {}

  std::string_view name() const override { return "ticks and microtasks"; }

  void Step() override { Queue(soak_.Below(4)); }

 private:
  void Queue(uint32_t generations) {
    soak_.Begin();
    auto task = [this, generations, token = soak_.token()] {
      soak_.End();
      if (generations > 0) Queue(generations - 1);
    };
    if (soak_.OneIn(2)) {
      soak_.loop().NextTick(std::move(task));
    } else {
      soak_.loop().QueueMicrotask(std::move(task));
    }
  }

  Soak& soak_;
};

}  // namespace

std::vector<Weighted> TimingOperations(Soak& soak) {
  std::vector<Weighted> all;
  all.push_back({20, std::make_unique<Timers>(soak)});
  all.push_back({10, std::make_unique<Immediates>(soak)});
  all.push_back({15, std::make_unique<Queues>(soak)});
  return all;
}

}  // namespace millrace::soak
