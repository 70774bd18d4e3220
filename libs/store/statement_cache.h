// Prepared statements of one session by their text, the least recently used
// dropped first. Belongs to the session's thread.
#ifndef MILLRACE_STORE_STATEMENT_CACHE_H_
#define MILLRACE_STORE_STATEMENT_CACHE_H_

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace millrace::store {

template <typename T>
class StatementCache {
 public:
  explicit StatementCache(size_t capacity) : capacity_(capacity) {}

  // The statement for `sql`, made by `make(sql)` when it is new. The pointer
  // is good until the next Trim() or Clear().
  template <typename Make>
  T* Get(const std::string& sql, const Make& make) {
    if (const auto found = index_.find(sql); found != index_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return entries_.front().second.get();
    }
    std::unique_ptr<T> made = make(sql);
    entries_.emplace_front(sql, std::move(made));
    index_.emplace(entries_.front().first, entries_.begin());
    return entries_.front().second.get();
  }

  // Between transactions: PostgreSQL cannot drop a statement in a failed one.
  void Trim() {
    while (entries_.size() > capacity_) {
      index_.erase(entries_.back().first);
      entries_.pop_back();
    }
  }

  void Clear() {
    index_.clear();
    entries_.clear();
  }

  size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<std::string, std::unique_ptr<T>>>;

  size_t capacity_;
  Entries entries_;
  // Keys are views of the entries' own text: list nodes do not move.
  std::unordered_map<std::string_view, typename Entries::iterator> index_;
};

}  // namespace millrace::store

#endif  // MILLRACE_STORE_STATEMENT_CACHE_H_
