// From a source and its partials to the code of a program.
//
// A partial is compiled once for each way in which it is used: with lines that
// may be indented or not, and for each context of HTML it begins in. So the
// operations need not ask at run time, and what is used in one way only, as
// nearly all are, is there once. No recursion: what is used for the first time
// waits in a queue.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_LINK_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_LINK_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/templates/engine/code.h"
#include "services/templates/engine/options.h"
#include "services/templates/engine/partials.h"

namespace millrace::templates {

class Linker {
 public:
  Linker(const CompileOptions& options, const Partials& partials)
      : options_(options),
        helpers_(options.helpers ? *options.helpers : BuiltInHelpers()),
        partials_(partials),
        code_(std::make_shared<Code>()) {}

  // The code, complete only when there are no errors.
  std::shared_ptr<const Code> Link(std::string_view source);

  std::vector<Diagnostic>& errors() { return errors_; }

  // For the compilers of units.
  std::string_view SourceOf(uint32_t unit) const {
    return originals_[code_->units[unit].source];
  }
  Code& code() { return *code_; }
  const CompileOptions& options() const { return options_; }
  const Helpers& helpers() const { return helpers_; }

  // The unit of a partial, or CallSite::kNone when there is none; an unknown
  // one is an error at `place` where the options say so.
  uint32_t UnitFor(std::string_view name, const Variant& variant,
                   uint32_t place);
  // All partials are then linked in this variant.
  uint32_t DynamicVariant(const Variant& variant);
  Key MakeKey(Slice text) const;
  // Whether so many bytes of a section may be followed once more: all in all no
  // more than the sources may have.
  bool MayRepeat(size_t bytes) {
    repeated_ += bytes;
    return repeated_ <= options_.bounds.total_bytes;
  }
  void Error(uint32_t place, std::string message);
  // At most so many are kept.
  bool full_of_errors() const {
    return errors_.size() >= options_.bounds.errors;
  }

 private:
  std::optional<uint32_t> AddSource(std::string_view name,
                                    std::string_view text,
                                    const SourceOptions& options,
                                    uint32_t place);
  uint32_t IndexOf(const Variant& variant);
  void LinkNames();

  const CompileOptions& options_;
  const Helpers& helpers_;
  const Partials& partials_;
  const std::shared_ptr<Code> code_;
  std::vector<Diagnostic> errors_;
  // Adding a source moves Code::text, and not these.
  std::vector<std::string_view> originals_;
  std::map<std::string, uint32_t, std::less<>> sources_;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> units_;
  std::vector<bool> dynamic_;  // of each variant
  size_t repeated_ = 0;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_LINK_H_
