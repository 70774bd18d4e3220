#include "loop/activity_table.h"

#include <cstring>

namespace millrace::loop_internal {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr size_t kFirstSlots = 64;

// All tables, for signal handlers.
std::atomic<ActivityTable*> all_tables{nullptr};

constinit thread_local ActivityTable* this_table = nullptr;

}  // namespace

// A thread's hold on its table.
struct ActivityTable::Lease {
  Lease() {
    for (ActivityTable* table = all_tables.load(); table != nullptr;
         table = table->next_) {
      bool leased = false;
      if (!table->leased_.compare_exchange_strong(leased, true)) continue;
      if (table->size_ == 0) {
        this_table = table;
        return;
      }
      // Its thread has left something behind, which is nobody's.
      table->leased_.store(false);
    }
    this_table = new ActivityTable;
  }
  // The pointer stays: activities may end after this.
  ~Lease() { this_table->leased_.store(false); }
};

ActivityTable::Slots::Slots(size_t count, const Slots* grown_from)
    : mask(count - 1), slots(new Slot[count]), grown_from(grown_from) {}

ActivityTable::ActivityTable() : slots_(new Slots(kFirstSlots, nullptr)) {
  next_ = all_tables.load();
  while (!all_tables.compare_exchange_weak(next_, this)) {
  }
}

ActivityTable& ActivityTable::Mine() {
  if (this_table == nullptr) {
    [[maybe_unused]] static thread_local const Lease lease;
  }
  return *this_table;
}

// Activities are blocks of some 64 bytes each.
size_t ActivityTable::Home(const Activity* activity, const Slots& slots) {
  const uint64_t mixed = (reinterpret_cast<uintptr_t>(activity) >> 6) *
                         uint64_t{0x9E3779B97F4A7C15};
  return (mixed >> 32) & slots.mask;
}

void ActivityTable::Put(Slots& slots, const Activity* activity,
                        const std::array<uint64_t, 2>& trace_id) {
  size_t i = Home(activity, slots);
  while (slots.slots[i].activity.load(kRelaxed) != nullptr) {
    i = (i + 1) & slots.mask;
  }
  Slot& slot = slots.slots[i];
  slot.trace_id[0].store(trace_id[0], kRelaxed);
  slot.trace_id[1].store(trace_id[1], kRelaxed);
  slot.activity.store(activity, std::memory_order_release);
}

void ActivityTable::Add(const Activity* activity,
                        const Activity::TraceId& trace_id) {
  if (2 * (size_ + 1) > slots_.load(kRelaxed)->mask) Grow();
  std::array<uint64_t, 2> words;
  static_assert(sizeof(words) == sizeof(trace_id));
  std::memcpy(words.data(), trace_id.data(), sizeof(words));
  Put(*slots_.load(kRelaxed), activity, words);
  ++size_;
}

void ActivityTable::Grow() {
  const Slots& from = *slots_.load(kRelaxed);
  auto* to = new Slots(2 * (from.mask + 1), &from);
  for (size_t i = 0; i <= from.mask; ++i) {
    const Slot& slot = from.slots[i];
    const Activity* activity = slot.activity.load(kRelaxed);
    if (activity == nullptr) continue;
    Put(*to, activity,
        {slot.trace_id[0].load(kRelaxed), slot.trace_id[1].load(kRelaxed)});
  }
  slots_.store(to, std::memory_order_release);
}

void ActivityTable::Remove(const Activity* activity) {
  Slots& all = *slots_.load(kRelaxed);
  size_t hole = Home(activity, all);
  while (true) {
    const Activity* here = all.slots[hole].activity.load(kRelaxed);
    if (here == nullptr) return;
    if (here == activity) break;
    hole = (hole + 1) & all.mask;
  }
  --size_;
  // Those behind it move up, unless that would put them before their home.
  for (size_t i = (hole + 1) & all.mask;; i = (i + 1) & all.mask) {
    Slot& slot = all.slots[i];
    const Activity* moved = slot.activity.load(kRelaxed);
    if (moved == nullptr) break;
    const size_t home = Home(moved, all);
    if (((i - home) & all.mask) < ((i - hole) & all.mask)) continue;
    Slot& free = all.slots[hole];
    free.trace_id[0].store(slot.trace_id[0].load(kRelaxed), kRelaxed);
    free.trace_id[1].store(slot.trace_id[1].load(kRelaxed), kRelaxed);
    free.activity.store(moved, std::memory_order_release);
    hole = i;
  }
  all.slots[hole].activity.store(nullptr, std::memory_order_release);
}

void ActivityTable::ForEach(
    absl::FunctionRef<void(const Activity&)> take) const {
  const Slots& all = *slots_.load(kRelaxed);
  for (size_t i = 0; i <= all.mask; ++i) {
    const Activity* activity = all.slots[i].activity.load(kRelaxed);
    if (activity != nullptr) take(*activity);
  }
}

size_t ActivityTable::TraceIds(Activity::TraceId* out, size_t room) {
  size_t count = 0;
  for (const ActivityTable* table = all_tables.load(); table != nullptr;
       table = table->next_) {
    const Slots& all = *table->slots_.load(std::memory_order_acquire);
    for (size_t i = 0; i <= all.mask; ++i) {
      const Slot& slot = all.slots[i];
      if (slot.activity.load(std::memory_order_acquire) == nullptr) continue;
      const std::array<uint64_t, 2> words = {slot.trace_id[0].load(kRelaxed),
                                             slot.trace_id[1].load(kRelaxed)};
      if (words[0] == 0 && words[1] == 0) continue;
      if (count < room) std::memcpy(out + count, words.data(), sizeof(words));
      ++count;
    }
  }
  return count;
}

}  // namespace millrace::loop_internal
