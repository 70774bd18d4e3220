// Published templates, compiled, for RenderTemplate: by name and by the locale
// that was asked for.
//
// Who publishes or archives tells every instance by an event (cache_feed.h);
// what depends on it is dropped and read anew, also when it was being read at
// that time: the template itself, and those it is a partial or layout of.
// Where no events are heard, nothing is kept. And nothing is kept for longer
// than max_age, so that an event that was missed is made up for.
//
// Loop thread. Database and clock outlive it.
#ifndef MILLRACE_SERVICES_TEMPLATES_CACHE_H_
#define MILLRACE_SERVICES_TEMPLATES_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/context.h"
#include "loop/promise.h"
#include "services/templates/compiled.h"
#include "services/templates/program_cache.h"
#include "store/database.h"

namespace millrace::templates {

struct CacheOptions {
  // Whatever was not asked for the longest goes first.
  size_t max_entries = 1000;
  size_t max_bytes = 16 << 20;  // of sources
  absl::Duration max_age = absl::Seconds(10);
  // Where programs are compiled, for several loops; nullptr: one of its own.
  std::shared_ptr<ProgramCache> programs;
};

class TemplateCache {
 public:
  TemplateCache(store::Database& database, const Clock& clock,
                CacheOptions options = {});

  // The published version of `name`, in `locale` or what it falls back to.
  // Rejects with NOT_FOUND when there is none, FAILED_PRECONDITION when it does
  // not compile any more.
  Promise<CompiledTemplate> Published(CallContext context, std::string name,
                                      std::string locale);

  // The template has changed, in whichever locale; drops what depends on it.
  void Drop(std::string_view name);

  // Whether Drop() is called for changes that others make. False at first.
  void SetHearing(bool hearing);

  ProgramCache& programs() { return *options_.programs; }

  size_t size() const { return entries_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  using Key = std::pair<std::string, std::string>;
  struct Entry {
    Key key;
    CompiledTemplate compiled;
    absl::Time read_time;
  };
  using Entries = std::list<Entry>;

  const CompiledTemplate* Find(const Key& key);
  void Insert(Key key, CompiledTemplate compiled, absl::Time read_time);
  Entries::iterator Erase(Entries::iterator entry);

  store::Database& database_;
  const Clock& clock_;
  const CacheOptions options_;
  bool hearing_ = false;
  uint64_t drops_ = 0;  // so far: what was read before one is not inserted
  Entries entries_;     // the last that was asked for first
  absl::flat_hash_map<Key, Entries::iterator> by_key_;
  size_t bytes_ = 0;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_CACHE_H_
