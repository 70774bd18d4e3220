// Token buckets by key, in a table whose size never changes.
//
// A bucket is one number: the time at which it is full again. Each token that
// is taken puts it off by what a token takes to come back; a bucket whose time
// has passed is full. So what was not taken needs no work, and a full bucket
// is like one that is not there.
//
// A key may live in the eight buckets of one set, which a keyed hash chooses
// (digest/keyed_hash.h). A new key takes a bucket that is full, which is to
// forget nothing. When all eight are in use it pays from the fullest of them,
// which it shares with its owner.
//
// What somebody who attacks can do with many keys, each of which must be paid
// for with calls that were let in:
//
//   - use as many buckets as they have keys: a limit by address does not help
//     against a thousand machines, only against each;
//   - fill sets, so that a key that comes new there, or comes back after its
//     bucket had filled, shares with others and is refused too early. Takes
//     about as many keys as there are buckets, at the same time in use.
//
// What they cannot do: have a bucket forgotten before it is full, their own
// included; take more with n keys than n buckets give; refuse anything to a key
// whose bucket is in use, except by sharing it as above; choose whom they meet
// in a set; make the table grow.
//
// Any thread: a lock for each of the table's parts.
#ifndef MILLRACE_RUNTIME_TOKEN_BUCKETS_H_
#define MILLRACE_RUNTIME_TOKEN_BUCKETS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "digest/keyed_hash.h"

namespace millrace::runtime {

// How fast a bucket fills, and how much it holds.
struct TokenRate {
  int tokens = 0;  // per `period`; 0: there is no limit
  absl::Duration period = absl::Seconds(1);  // at most a day
  int burst = 0;                             // 0: as many as `tokens`

  int capacity() const { return burst > 0 ? burst : tokens; }
  bool operator==(const TokenRate&) const = default;
};

class TokenBuckets {
 public:
  // At least `buckets`, rounded up to a multiple of 512; 16 bytes each, which
  // are taken as keys need them.
  explicit TokenBuckets(size_t buckets);

  struct Taken {
    // Zero: a token was taken. Else none was there, and how long until one is.
    absl::Duration wait;
    // The bucket is somebody else's: the table is too small for who calls.
    bool shared = false;
  };
  // `now` is of a clock that never goes back. `rate` has a limit, and may
  // differ from call to call: what a bucket lacks is kept, up to its capacity.
  Taken Take(const TokenRate& rate, std::string_view key, absl::Duration now);

  size_t buckets() const { return kParts * sets_ * kWays; }

 private:
  static constexpr size_t kParts = 64;
  static constexpr size_t kWays = 8;

  struct Bucket {
    uint64_t key = 0;     // the hash; two keys with one hash are one key
    int64_t full_at = 0;  // nanoseconds
  };
  struct alignas(64) Part {
    std::mutex mutex;
    std::vector<Bucket> buckets;  // empty until a key comes
  };

  static Bucket& Find(Bucket* set, uint64_t key, int64_t now, bool* shared);

  const KeyedHash hash_;
  const size_t sets_;  // of each part
  std::array<Part, kParts> parts_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_TOKEN_BUCKETS_H_
