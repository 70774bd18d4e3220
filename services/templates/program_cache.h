// Compiled programs by their content, shared between the loops of a process: of
// a name, the same text with the same partials is one program, in whichever
// version and locale it stands. Thread-safe.
#ifndef MILLRACE_SERVICES_TEMPLATES_PROGRAM_CACHE_H_
#define MILLRACE_SERVICES_TEMPLATES_PROGRAM_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/templates/engine/options.h"
#include "services/templates/engine/partials.h"
#include "services/templates/engine/program.h"

namespace millrace::templates {

class ProgramCache {
 public:
  struct Options {
    // What was not asked for the longest goes first.
    size_t max_programs = 1000;
    size_t max_bytes = 32 << 20;  // of sources
  };

  ProgramCache() : ProgramCache(Options()) {}
  explicit ProgramCache(Options options) : options_(options) {}

  // As Program::Compile(), or the program that there is. Errors are not kept.
  // Bounds and helpers are taken for the same in every call.
  absl::StatusOr<std::shared_ptr<const Program>> Compile(
      std::string_view source, const CompileOptions& options,
      const Partials& partials);

  size_t size() const;
  size_t bytes() const;

 private:
  struct Entry {
    uint64_t hash;
    Escaping escaping;
    std::shared_ptr<const Program> program;
  };

  // Those that may be of this source.
  std::vector<Entry> Candidates(uint64_t hash);
  void Insert(Entry entry);

  const Options options_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // the last that was asked for first
  size_t bytes_ = 0;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_PROGRAM_CACHE_H_
