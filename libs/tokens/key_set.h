// The keys whose signatures are taken, by id. A value; thread-safe as such.
#ifndef MILLRACE_TOKENS_KEY_SET_H_
#define MILLRACE_TOKENS_KEY_SET_H_

#include <string_view>
#include <utility>
#include <vector>

#include "tokens/key.h"

namespace millrace::tokens {

class KeySet {
 public:
  KeySet() = default;
  explicit KeySet(std::vector<Key> keys) : keys_(std::move(keys)) {}

  // Null when there is none. A handful of keys: a list is the fastest map.
  const Key* Find(std::string_view id) const {
    for (const Key& key : keys_) {
      if (key.id() == id) return &key;
    }
    return nullptr;
  }

  const std::vector<Key>& keys() const { return keys_; }

 private:
  std::vector<Key> keys_;
};

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_KEY_SET_H_
