// The published templates as partials and layouts of one of them.
//
// Inside a transaction, on its worker thread; throws StatusError as the store
// does. What was found once is kept for as long as this lives, so that all of a
// template is of one moment.
#ifndef MILLRACE_SERVICES_TEMPLATES_STORED_PARTIALS_H_
#define MILLRACE_SERVICES_TEMPLATES_STORED_PARTIALS_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/templates/domain.h"
#include "services/templates/engine/options.h"
#include "services/templates/engine/partials.h"
#include "store/transaction.h"

namespace millrace::templates {

// How a template is compiled: escaped by context, or not at all when it is
// plain text; nothing unsafe unless that was allowed; and every partial is
// there.
CompileOptions OptionsFor(const TemplateVersion& version);

class StoredPartials final : public Partials {
 public:
  // Of `root`, which is its own partial as it is, published or not. Both
  // outlive this.
  StoredPartials(store::Tx& tx, const TemplateVersion& root);

  // The version that is published in the root's locale or what it falls back
  // to. It is compiled for where it stands: its own content type counts only
  // where it is rendered by itself.
  std::optional<std::string_view> Find(std::string_view name) const override;
  std::optional<SourceOptions> OptionsOf(std::string_view name) const override;

  // The first thousand.
  std::vector<std::string> Names() const override;

  // Those that begin with the name of the root and a dot.
  std::vector<std::string> DynamicNames() const override;

 private:
  const TemplateVersion* Version(std::string_view name) const;

  store::Tx& tx_;
  const TemplateVersion& root_;
  const std::vector<std::string> locales_;
  mutable std::map<std::string, std::optional<TemplateVersion>, std::less<>>
      found_;
};

// Whether `name` is a template that dynamic names in `root` may choose.
bool IsDynamicNameOf(std::string_view root, std::string_view name);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_STORED_PARTIALS_H_
