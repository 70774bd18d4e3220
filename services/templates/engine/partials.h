// Where a template finds its partials, parents and layouts by name.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_PARTIALS_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_PARTIALS_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/templates/engine/options.h"

namespace millrace::templates {

// Asked only while a template is compiled: a program has a copy of all that it
// may render.
class Partials {
 public:
  virtual ~Partials() = default;

  // The source of a partial. The view lasts as long as the partials do.
  virtual std::optional<std::string_view> Find(std::string_view name) const = 0;

  // The names that there are: a misspelt one is told the nearest.
  virtual std::vector<std::string> Names() const = 0;

  // Those that a dynamic name may choose: a template that has one is linked
  // with all of them.
  virtual std::vector<std::string> DynamicNames() const { return Names(); }

  // How a partial that Find() has found is to be read, when not as the template
  // that it is linked with.
  virtual std::optional<SourceOptions> OptionsOf(
      std::string_view /*name*/) const {
    return std::nullopt;
  }
};

// Partials by name, in memory.
class PartialMap final : public Partials {
 public:
  PartialMap() = default;
  explicit PartialMap(std::map<std::string, std::string, std::less<>> sources)
      : sources_(std::move(sources)) {}

  std::optional<std::string_view> Find(std::string_view name) const override {
    const auto found = sources_.find(name);
    if (found == sources_.end()) return std::nullopt;
    return found->second;
  }
  std::vector<std::string> Names() const override {
    std::vector<std::string> names;
    for (const auto& [name, source] : sources_) names.push_back(name);
    return names;
  }

 private:
  std::map<std::string, std::string, std::less<>> sources_;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_PARTIALS_H_
