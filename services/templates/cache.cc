#include "services/templates/cache.h"

#include "services/templates/store.h"

namespace millrace::templates {

TemplateCache::TemplateCache(store::Database& database, const Clock& clock,
                             CacheOptions options)
    : database_(database), clock_(clock), options_([&options] {
        if (!options.programs) {
          options.programs = std::make_shared<ProgramCache>();
        }
        return std::move(options);
      }()) {}

Promise<CompiledTemplate> TemplateCache::Published(CallContext context,
                                                   std::string name,
                                                   std::string locale) {
  Key key(std::move(name), std::move(locale));
  if (const CompiledTemplate* found = Find(key)) co_return *found;
  const uint64_t drops = drops_;
  const absl::Time now = clock_.Now();
  CompiledTemplate compiled =
      co_await database_.Read(std::move(context), [&](store::Tx& tx) {
        return CompiledTemplate::CompileStored(
            tx, RequirePublished(tx, key.first, LocaleFallback(key.second)),
            programs());
      });
  if (hearing_ && drops == drops_) Insert(std::move(key), compiled, now);
  co_return compiled;
}

void TemplateCache::Drop(std::string_view name) {
  ++drops_;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    entry = entry->compiled.DependsOn(name) ? Erase(entry) : std::next(entry);
  }
}

void TemplateCache::SetHearing(bool hearing) {
  if (hearing_ == hearing) return;
  hearing_ = hearing;
  ++drops_;
  while (!entries_.empty()) Erase(entries_.begin());
}

const CompiledTemplate* TemplateCache::Find(const Key& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  const auto entry = found->second;
  const absl::Duration age = clock_.Now() - entry->read_time;
  // A clock that was put back tells nothing.
  if (age < absl::ZeroDuration() || age > options_.max_age) {
    Erase(entry);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return &entry->compiled;
}

void TemplateCache::Insert(Key key, CompiledTemplate compiled,
                           absl::Time read_time) {
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) Erase(found->second);  // read twice at a time
  bytes_ += compiled.bytes();
  entries_.push_front({key, std::move(compiled), read_time});
  by_key_.emplace(std::move(key), entries_.begin());
  while (entries_.size() > options_.max_entries ||
         bytes_ > options_.max_bytes) {
    Erase(std::prev(entries_.end()));
  }
}

TemplateCache::Entries::iterator TemplateCache::Erase(Entries::iterator entry) {
  bytes_ -= entry->compiled.bytes();
  by_key_.erase(entry->key);
  return entries_.erase(entry);
}

}  // namespace millrace::templates
