#include "tools/millrace/render_spec.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "base/strings.h"
#include "services/templates/engine/document.h"
#include "services/templates/engine/program.h"
#include "services/templates/engine/renderer.h"

namespace millrace::cli {
namespace {

using templates::CompileOptions;
using templates::Document;
using templates::Kind;
using templates::Member;
using templates::PartialMap;
using templates::Program;
using templates::Renderer;
using templates::Value;

const Value* Find(const Value& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  for (uint32_t i = 0; i < object.size; ++i) {
    const Member& member = object.members[i];
    if (member.key_view() == key) return &member.value;
  }
  return nullptr;
}

std::string_view TextAt(const Value& object, std::string_view key) {
  const Value* value = Find(object, key);
  return value != nullptr && value->kind == Kind::kString ? value->text_view()
                                                          : std::string_view();
}

PartialMap PartialsOf(const Value& test) {
  std::map<std::string, std::string, std::less<>> partials;
  const Value* all = Find(test, "partials");
  for (uint32_t i = 0; all != nullptr && all->is_object() && i < all->size;
       ++i) {
    const Member& member = all->members[i];
    partials.emplace(member.key_view(), member.value.text_view());
  }
  return PartialMap(std::move(partials));
}

absl::StatusOr<std::string> Rendered(const Value& test,
                                     const CompileOptions& options) {
  const auto program =
      Program::Compile(TextAt(test, "template"), options, PartialsOf(test));
  if (!program.ok()) return program.status();
  Renderer renderer;
  const Value nothing;
  const Value* data = Find(test, "data");
  renderer.Start(*program, data != nullptr ? *data : nothing);
  const auto progress = renderer.Step(templates::RenderBounds().steps);
  if (!progress.ok()) return progress.status();
  return std::string(renderer.output());
}

std::string Quoted(std::string_view text) {
  return StrCat("\"", absl::Utf8SafeCEscape(ToAbsl(text)), "\"");
}

// Without the excerpt.
std::string_view FirstLine(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

absl::StatusOr<SpecResult> RunSpec(std::string_view json, std::ostream& out,
                                   const CompileOptions& options) {
  Document document;
  const absl::Status read = document.ReadJson(json);
  if (!read.ok()) return read;
  const Value* tests = Find(document.root(), "tests");
  if (tests == nullptr || !tests->is_list()) {
    return absl::InvalidArgumentError(
        "the file has no list \"tests\": is it one of the Mustache "
        "specification?");
  }
  SpecResult result;
  for (uint32_t i = 0; i < tests->size; ++i) {
    const Value& test = tests->items[i];
    const std::string_view expected = TextAt(test, "expected");
    const absl::StatusOr<std::string> rendered = Rendered(test, options);
    if (rendered.ok() && *rendered == expected) {
      ++result.passed;
      continue;
    }
    ++result.failed;
    out << "failed: " << TextAt(test, "name") << ": "
        << (rendered.ok()
                ? StrCat("expected ", Quoted(expected), ", got ",
                         Quoted(*rendered))
                : std::string(FirstLine(MessageOf(rendered.status()))))
        << "\n";
  }
  out << result.passed << " passed, " << result.failed << " failed\n";
  return result;
}

}  // namespace millrace::cli
