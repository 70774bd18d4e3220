// Where the keys come from that access tokens are verified with. Loop thread.
#ifndef MILLRACE_RUNTIME_TOKEN_KEYS_H_
#define MILLRACE_RUNTIME_TOKEN_KEYS_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/logger.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "tokens/key_set.h"

namespace millrace::runtime {

class TokenKeys {
 public:
  virtual ~TokenKeys() = default;

  // Those that are known. UNAVAILABLE while there are none, which is not the
  // caller's fault.
  virtual absl::StatusOr<tokens::KeySet> Keys() const = 0;

  // What has to be waited for before Keys() can have this one; nothing when it
  // has it, or will not. An empty id is any key. Never rejects.
  virtual std::optional<Promise<void>> Want(std::string_view id) = 0;
};

// Those that a module of this process offers.
class LocalTokenKeys final : public TokenKeys {
 public:
  explicit LocalTokenKeys(std::function<tokens::KeySet()> keys)
      : keys_(std::move(keys)) {}

  absl::StatusOr<tokens::KeySet> Keys() const override;
  std::optional<Promise<void>> Want(std::string_view) override {
    return std::nullopt;
  }

 private:
  const std::function<tokens::KeySet()> keys_;
};

struct RemoteTokenKeysOptions {
  std::string url;  // of a JWK set
  absl::Duration refresh = absl::Minutes(5);
  // An unknown id makes the set be fetched at once, but not sooner than this
  // after the time before: anybody can make up ids.
  absl::Duration least_pause = absl::Seconds(10);
  absl::Duration timeout = absl::Seconds(5);
};

// Those of a JWK set, fetched and kept. While it cannot be had, the keys of
// before are good: a token's life is the bound.
class RemoteTokenKeys final : public TokenKeys {
 public:
  using Fetch = std::function<Promise<std::string>(const std::string& url,
                                                   absl::Duration timeout)>;

  // `fetch` answers the body, or rejects. It, the clock and the logger outlive
  // what Want() gave.
  RemoteTokenKeys(const Clock& clock, Logger& logger, Fetch fetch,
                  RemoteTokenKeysOptions options);

  absl::StatusOr<tokens::KeySet> Keys() const override;
  std::optional<Promise<void>> Want(std::string_view id) override;

 private:
  struct State {
    const Clock& clock;
    Logger& logger;
    const Fetch fetch;
    const RemoteTokenKeysOptions options;
    tokens::KeySet keys;
    bool known = false;
    absl::Time began = absl::InfinitePast();  // the latest fetch
  };

  static Promise<void> Refresh(std::shared_ptr<State> state);

  // A fetch under way has it, too.
  const std::shared_ptr<State> state_;
  Promise<void> fetching_ = Promise<void>::Resolve();
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_TOKEN_KEYS_H_
