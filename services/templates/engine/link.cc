#include "services/templates/engine/link.h"

#include <algorithm>
#include <tuple>

#include "base/strings.h"
#include "base/suggest.h"
#include "services/templates/engine/compile.h"
#include "services/templates/engine/key_hash.h"

namespace millrace::templates {

std::shared_ptr<const Code> Linker::Link(std::string_view source) {
  const CompileBounds& bounds = options_.bounds;
  // About so many there will be; it saves growing step by step.
  const size_t tags = std::min(source.size(), bounds.source_bytes) / 16 + 8;
  code_->ops.reserve(2 * tags);
  code_->places.reserve(2 * tags);
  code_->keys.reserve(tags);
  code_->text.reserve(source.size() + kTextPadding + 1);
  if (!AddSource(options_.name, source, options_, 0)) return code_;
  IndexOf(Variant());
  code_->units.push_back({.source = 0, .variant = 0});
  size_t next = 0;
  do {
    for (; next < code_->units.size() && !full_of_errors(); ++next) {
      UnitCompiler(this, static_cast<uint32_t>(next)).Run();
      if (code_->ops.size() > bounds.ops) {
        Error(code_->sources[code_->units[next].source].text.begin,
              StrCat("the template has more than ", bounds.ops,
                     " operations with its partials"));
        return code_;
      }
    }
    LinkNames();
  } while (next < code_->units.size() && !full_of_errors());
  code_->text.append(kTextPadding, '\0');
  return code_;
}

std::optional<uint32_t> Linker::AddSource(std::string_view name,
                                          std::string_view text,
                                          const SourceOptions& options,
                                          uint32_t place) {
  const CompileBounds& bounds = options_.bounds;
  const bool large = text.size() > bounds.source_bytes;
  if (large || code_->text.size() + text.size() > bounds.total_bytes) {
    const std::string message =
        large ? StrCat("'", name, "' has ", text.size(), " bytes; at most ",
                       bounds.source_bytes, " are compiled")
              : StrCat("the template has more than ", bounds.total_bytes,
                       " bytes with its partials");
    if (code_->sources.empty()) {
      errors_.push_back({{options_.name, 1, 1}, message, ""});
    } else {
      Error(place, message);
    }
    return std::nullopt;
  }
  // An empty source has a place of its own, too.
  const Slice slice = {static_cast<uint32_t>(code_->text.size()),
                       static_cast<uint32_t>(text.size())};
  code_->text.append(text);
  code_->text.push_back('\0');
  code_->sources.push_back({std::string(name), slice, options});
  originals_.push_back(text);
  return static_cast<uint32_t>(code_->sources.size() - 1);
}

uint32_t Linker::IndexOf(const Variant& variant) {
  auto& variants = code_->variants;
  const auto found = std::find(variants.begin(), variants.end(), variant);
  if (found != variants.end()) {
    return static_cast<uint32_t>(found - variants.begin());
  }
  variants.push_back(variant);
  dynamic_.push_back(false);
  return static_cast<uint32_t>(variants.size() - 1);
}

uint32_t Linker::UnitFor(std::string_view name, const Variant& variant,
                         uint32_t place) {
  auto source = sources_.find(name);
  if (source == sources_.end()) {
    const auto text = partials_.Find(name);
    if (!text) {
      if (options_.require_partials) {
        Error(place, StrCat("there is no partial '", name, "'",
                            DidYouMean(name, partials_.Names())));
      }
      return CallSite::kNone;
    }
    const auto added = AddSource(
        name, *text, partials_.OptionsOf(name).value_or(options_), place);
    if (!added) return CallSite::kNone;
    source = sources_.emplace(std::string(name), *added).first;
  }
  const auto [unit, is_new] =
      units_.emplace(std::make_pair(source->second, IndexOf(variant)),
                     static_cast<uint32_t>(code_->units.size()));
  if (is_new) {
    if (code_->units.size() >= options_.bounds.units) {
      Error(place, StrCat("the template is linked with more than ",
                          options_.bounds.units, " partials"));
      units_.erase(unit);
      return CallSite::kNone;
    }
    code_->units.push_back(
        {.source = source->second, .variant = unit->first.second});
  }
  return unit->second;
}

uint32_t Linker::DynamicVariant(const Variant& variant) {
  const uint32_t index = IndexOf(variant);
  dynamic_[index] = true;
  return index;
}

// Every partial in every variant in which dynamic names are used.
void Linker::LinkNames() {
  code_->named.clear();
  code_->longest_name = 0;
  if (std::find(dynamic_.begin(), dynamic_.end(), true) == dynamic_.end()) {
    return;
  }
  const std::vector<std::string> names = partials_.DynamicNames();
  for (uint32_t variant = 0; variant < dynamic_.size(); ++variant) {
    if (!dynamic_[variant]) continue;
    for (const std::string& name : names) {
      if (name.empty()) continue;  // no tag can name it
      const Variant copy = code_->variants[variant];
      const uint32_t unit = UnitFor(name, copy, 0);
      if (unit == CallSite::kNone) continue;
      code_->named.push_back({variant, HashKey(name), unit});
      code_->longest_name = std::max(code_->longest_name, name.size());
    }
  }
  std::sort(code_->named.begin(), code_->named.end(),
            [](const NamedUnit& a, const NamedUnit& b) {
              return std::tie(a.variant, a.hash) < std::tie(b.variant, b.hash);
            });
}

Key Linker::MakeKey(Slice text) const {
  return {HashKey(code_->View(text)), text};
}

void Linker::Error(uint32_t place, std::string message) {
  if (full_of_errors()) return;
  // A partial that is used in several ways has its errors once.
  Diagnostic diagnostic = code_->Describe(place, std::move(message));
  for (const Diagnostic& known : errors_) {
    if (known.ToString() == diagnostic.ToString()) return;
  }
  errors_.push_back(std::move(diagnostic));
}

}  // namespace millrace::templates
