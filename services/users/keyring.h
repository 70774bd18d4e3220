// The keys that sign access tokens: made, rotated and shared through the table
// `signing_keys`, which nobody else touches.
//
// Every process and loop has one and looks into the table each minute; whoever
// finds that a new key is due makes it, long before it signs
// (tokens/rotation.h), so that nobody signs with a key that others do not know.
//
// Private keys are sealed with identity.key_secret where one is configured, so
// that a copy of the database alone, such as a backup, signs nothing. Without
// one they lie open in the database, which is right for a laptop; the log says
// so.
//
// Loop thread; everything it is given outlives it.
#ifndef MILLRACE_SERVICES_USERS_KEYRING_H_
#define MILLRACE_SERVICES_USERS_KEYRING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/logger.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "services/users/sessions.h"
#include "store/database.h"
#include "tokens/rotation.h"

namespace millrace::users {

struct KeyringOptions {
  tokens::RotationOptions rotation;
  absl::Duration look_every = absl::Minutes(1);
  std::string secret;  // seals the keys; none when empty
};

class Keyring {
 public:
  Keyring(store::Database& database, const Clock& clock, Logger& logger,
          KeyringOptions options);
  ~Keyring() { timer_.Clear(); }
  Keyring(const Keyring&) = delete;
  Keyring& operator=(const Keyring&) = delete;

  // Reads the table, makes what is due and removes what is gone. Rejects with
  // FAILED_PRECONDITION when the keys were sealed with another secret.
  Promise<void> Load();
  // Load() again and again. What fails is logged and done the next time.
  void Start(EventLoop& loop);
  // Resolves when nothing runs any more.
  Promise<void> Stop();

  // After Load(). UNAVAILABLE before.
  absl::StatusOr<tokens::Key> Current() const;
  // What to verify with.
  tokens::KeySet Published() const;

 private:
  Promise<void> Round();
  // Inside a transaction.
  std::vector<tokens::ScheduledKey> Read(store::Tx& tx) const;
  std::vector<tokens::ScheduledKey> ReadAndRotate(store::Tx& tx) const;
  std::string Kept(const tokens::Key& key) const;
  tokens::Key Opened(const std::string& id, const std::string& kept) const;

  store::Database& database_;
  const Clock& clock_;
  Logger& logger_;
  const KeyringOptions options_;
  tokens::SigningKeys keys_;
  Timer timer_;
  bool stopped_ = false;
  Promise<void> round_ = Promise<void>::Resolve();
};

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_KEYRING_H_
