#include "runtime/token_buckets.h"

#include <algorithm>

namespace millrace::runtime {
namespace {

// A bucket that is empty is full again within ten years, whatever its rate:
// keeps the arithmetic within 64 bits.
constexpr int64_t kLongest = int64_t{10} * 365 * 24 * 3600 * 1'000'000'000;

}  // namespace

TokenBuckets::TokenBuckets(size_t buckets)
    : sets_(std::max<size_t>(
          1, (buckets + kParts * kWays - 1) / (kParts * kWays))) {}

TokenBuckets::Bucket& TokenBuckets::Find(Bucket* set, uint64_t key, int64_t now,
                                         bool* shared) {
  Bucket* fullest = set;
  for (Bucket* bucket = set; bucket != set + kWays; ++bucket) {
    if (bucket->key == key) return *bucket;
    if (bucket->full_at < fullest->full_at) fullest = bucket;
  }
  if (fullest->full_at > now) {
    *shared = true;
  } else {
    fullest->key = key;
  }
  return *fullest;
}

TokenBuckets::Taken TokenBuckets::Take(const TokenRate& rate,
                                       std::string_view key,
                                       absl::Duration now) {
  const int64_t now_ns = absl::ToInt64Nanoseconds(now);
  const int64_t per_token =
      std::max<int64_t>(1, absl::ToInt64Nanoseconds(rate.period) / rate.tokens);
  const int64_t capacity =
      per_token * std::min<int64_t>(rate.capacity(), kLongest / per_token);
  const uint64_t hash = hash_(key);
  Part& part = parts_[hash % kParts];
  const std::lock_guard lock(part.mutex);
  if (part.buckets.empty()) part.buckets.resize(sets_ * kWays);
  Taken taken;
  Bucket& bucket = Find(&part.buckets[hash / kParts % sets_ * kWays], hash,
                        now_ns, &taken.shared);
  // The time that its missing tokens take.
  const int64_t missing =
      std::clamp<int64_t>(bucket.full_at - now_ns, 0, capacity);
  const int64_t wait = missing + per_token - capacity;
  if (wait > 0) {
    taken.wait = absl::Nanoseconds(wait);
  } else {
    bucket.full_at = now_ns + missing + per_token;
  }
  return taken;
}

}  // namespace millrace::runtime
