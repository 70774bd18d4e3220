#include "tests/fuzz/templates/run.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>

#include "base/strings.h"
#include "contract/json_check.h"
#include "services/templates/engine/document.h"
#include "services/templates/engine/program.h"
#include "services/templates/engine/renderer.h"

namespace millrace::templates {
namespace {

// Small, so that an input reaches them, and ends soon whatever it does: inputs
// that take long are what a fuzzer finds first.
constexpr RenderBounds kBounds = {
    .output_bytes = 8 << 10, .steps = 4'000, .calls = 16};
constexpr CompileBounds kCompileBounds = {.source_bytes = 4 << 10,
                                          .total_bytes = 16 << 10,
                                          .units = 40,
                                          .ops = 4'000,
                                          .nesting = 16,
                                          .name_bytes = 64};

void Demand(bool kept, const char* promise) {
  if (kept) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}

bool Has(const Input& input, char letter) {
  return input.options.find(letter) != std::string::npos;
}

CompileOptions OptionsOf(const Input& input) {
  CompileOptions options;
  if (Has(input, 'x')) options.syntax = Syntax::kExtended;
  if (Has(input, 'c')) options.escaping = Escaping::kContextual;
  if (Has(input, 'n')) options.escaping = Escaping::kNone;
  options.require_partials = Has(input, 'p');
  options.allow_unsafe = !Has(input, 's');
  options.bounds = kCompileBounds;
  return options;
}

// Partials of which some are of the other syntax and permit what the template
// does not, as stored ones may be; and a dynamic name may choose not all.
class MixedPartials final : public Partials {
 public:
  MixedPartials(std::map<std::string, std::string, std::less<>> sources,
                bool mixed)
      : partials_(std::move(sources)), mixed_(mixed) {}

  std::optional<std::string_view> Find(std::string_view name) const override {
    return partials_.Find(name);
  }
  std::vector<std::string> Names() const override { return partials_.Names(); }
  std::vector<std::string> DynamicNames() const override {
    std::vector<std::string> names = partials_.Names();
    if (mixed_ && !names.empty()) names.pop_back();
    return names;
  }
  std::optional<SourceOptions> OptionsOf(std::string_view name) const override {
    if (!mixed_ || name.size() % 2 == 0) return std::nullopt;
    return SourceOptions{.syntax = Syntax::kExtended, .allow_unsafe = false};
  }

 private:
  const PartialMap partials_;
  const bool mixed_;
};

// Every error has a place.
void DemandPlaces(const std::vector<Diagnostic>& errors) {
  for (const Diagnostic& error : errors) {
    Demand(error.place.line > 0 && error.place.column > 0 &&
               !error.message.empty() && !error.place.template_name.empty(),
           "an error says where it is");
  }
}

absl::StatusOr<std::string> InSlices(const Program& program,
                                     const Document& data,
                                     const RenderOptions& options,
                                     size_t budget) {
  Renderer renderer;
  renderer.Start(program, data.root(), options);
  std::string text;
  for (;;) {
    const auto progress = renderer.Step(budget);
    if (!progress.ok()) return progress.status();
    text += renderer.output();
    renderer.DropOutput();
    if (*progress == Renderer::Progress::kDone) return text;
  }
}

}  // namespace

Input ParseInput(std::string_view text) {
  Input input;
  std::string* part = &input.source;
  bool first = true;
  while (!text.empty()) {
    const size_t newline = text.find('\n');
    const std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline == text.npos ? text.size() : newline + 1);
    if (line.substr(0, 6) == "%%json") {
      part = &input.json;
      part->clear();
      first = true;
    } else if (line.substr(0, 10) == "%%partial ") {
      input.partials.emplace_back(line.substr(10), "");
      part = &input.partials.back().second;
      first = true;
    } else if (line.substr(0, 10) == "%%options ") {
      input.options = line.substr(10);
    } else {
      if (!first) part->push_back('\n');
      first = false;
      part->append(line);
    }
  }
  return input;
}

std::string ToText(const Input& input) {
  std::string text = StrCat(input.source, "\n%%options ", input.options,
                            "\n%%json\n", input.json, "\n");
  for (const auto& [name, source] : input.partials) {
    StrAppend(&text, "%%partial ", name, "\n", source, "\n");
  }
  return text;
}

Outcome RunEngine(const Input& input) {
  std::map<std::string, std::string, std::less<>> sources;
  for (const auto& [name, source] : input.partials) sources[name] = source;
  const MixedPartials partials(std::move(sources), Has(input, 'm'));
  const CompileOptions options = OptionsOf(input);
  const auto program = Program::Compile(input.source, options, partials);
  const Report report = Check(input.source, options, partials);
  Demand(program.ok() == report.errors.empty(),
         "Check finds what Compile does");
  DemandPlaces(report.errors);

  Document data;
  const absl::Status read = data.ReadJson(input.json);
  const absl::Status checked = CheckJson(input.json);
  Demand(!read.ok() || checked.ok(), "no more is read than JSON");
  Demand(read.ok() || !checked.ok() ||
             MessageOf(read).find("larger") != std::string_view::npos,
         "all of JSON is read");
  if (!program.ok()) return Outcome::kErrors;
  Demand(program->IsOf(input.source, options, partials),
         "a program is that of what it was compiled from");
  if (options.escaping == Escaping::kContextual && Has(input, 's')) {
    Demand(program->unsafe().empty(), "nothing unsafe unless it is allowed");
  }
  if (!read.ok()) return Outcome::kNoData;

  const RenderOptions render = {.bounds = kBounds,
                                .require_fields = Has(input, 'f')};
  const auto whole = Render(*program, data, render);
  for (const size_t budget : {7, 1000}) {
    const auto slices = InSlices(*program, data, render, budget);
    Demand(slices.ok() == whole.ok(), "slices end as the whole does");
    if (whole.ok()) Demand(*slices == *whole, "slices make the same text");
  }
  if (!whole.ok()) return Outcome::kStopped;
  Demand(whole->size() <= kBounds.output_bytes, "the bound of output");
  return Outcome::kRendered;
}

}  // namespace millrace::templates
