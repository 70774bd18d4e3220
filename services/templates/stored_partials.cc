#include "services/templates/stored_partials.h"

#include "base/strings.h"
#include "services/templates/store.h"

namespace millrace::templates {
namespace {

// A template that names more than these has no others: its compiler's bounds
// are met before.
constexpr size_t kMaxLookUps = 1000;
constexpr int64_t kMaxNames = 1000;

std::string DynamicPrefix(std::string_view root) { return StrCat(root, "."); }

}  // namespace

CompileOptions OptionsFor(const TemplateVersion& version) {
  CompileOptions options;
  options.name = version.name;
  options.syntax = static_cast<Syntax>(version.syntax);
  options.escaping =
      version.content_type == kPlain ? Escaping::kNone : Escaping::kContextual;
  options.allow_unsafe = version.unsafe_allowed;
  options.require_partials = true;
  return options;
}

StoredPartials::StoredPartials(store::Tx& tx, const TemplateVersion& root)
    : tx_(tx), root_(root), locales_(LocaleFallback(root.locale)) {}

std::optional<std::string_view> StoredPartials::Find(
    std::string_view name) const {
  const TemplateVersion* version = Version(name);
  if (version == nullptr) return std::nullopt;
  return version->body;
}

std::optional<SourceOptions> StoredPartials::OptionsOf(
    std::string_view name) const {
  const TemplateVersion* version = Version(name);
  if (version == nullptr) return std::nullopt;
  return OptionsFor(*version);
}

std::vector<std::string> StoredPartials::Names() const {
  return ListPublishedNames(tx_, "", kMaxNames);
}

std::vector<std::string> StoredPartials::DynamicNames() const {
  // None is left out unsaid: so many are past the compiler's bounds.
  return ListPublishedNames(tx_, DynamicPrefix(root_.name), kMaxNames + 1);
}

const TemplateVersion* StoredPartials::Version(std::string_view name) const {
  if (name == root_.name) return &root_;
  auto found = found_.find(name);
  if (found == found_.end()) {
    if (found_.size() == kMaxLookUps) return nullptr;
    found = found_.emplace(name, FindPublished(tx_, name, locales_)).first;
  }
  return found->second ? &*found->second : nullptr;
}

bool IsDynamicNameOf(std::string_view root, std::string_view name) {
  return name.size() > root.size() + 1 && name[root.size()] == '.' &&
         name.substr(0, root.size()) == root;
}

}  // namespace millrace::templates
