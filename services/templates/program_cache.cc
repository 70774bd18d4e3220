#include "services/templates/program_cache.h"

#include <functional>
#include <utility>

namespace millrace::templates {

absl::StatusOr<std::shared_ptr<const Program>> ProgramCache::Compile(
    std::string_view source, const CompileOptions& options,
    const Partials& partials) {
  const uint64_t hash = std::hash<std::string_view>()(source);
  // Partials may come from a database: not under the lock.
  for (Entry& known : Candidates(hash)) {
    if (known.escaping == options.escaping &&
        known.program->IsOf(source, options, partials)) {
      return std::move(known.program);
    }
  }
  absl::StatusOr<Program> program = Program::Compile(source, options, partials);
  if (!program.ok()) return program.status();
  Entry entry = {
      .hash = hash,
      .escaping = options.escaping,
      .program = std::make_shared<const Program>(*std::move(program))};
  Insert(entry);
  return std::move(entry.program);
}

size_t ProgramCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

size_t ProgramCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

std::vector<ProgramCache::Entry> ProgramCache::Candidates(uint64_t hash) {
  const std::lock_guard lock(mutex_);
  std::vector<Entry> found;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->hash == hash) {
      found.push_back(*entry);
      entries_.splice(entries_.begin(), entries_, entry);
    }
    entry = next;
  }
  return found;
}

// Two threads may have compiled the same; the one that is not asked for goes.
void ProgramCache::Insert(Entry entry) {
  const std::lock_guard lock(mutex_);
  bytes_ += entry.program->source_bytes();
  entries_.push_front(std::move(entry));
  while (entries_.size() > options_.max_programs ||
         bytes_ > options_.max_bytes) {
    bytes_ -= entries_.back().program->source_bytes();
    entries_.pop_back();
  }
}

}  // namespace millrace::templates
