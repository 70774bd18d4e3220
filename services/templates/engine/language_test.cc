// Runs every example of LANGUAGE.md.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/strings.h"
#include "services/templates/engine/document.h"
#include "services/templates/engine/program.h"
#include "services/templates/engine/renderer.h"

namespace millrace::templates {
namespace {

constexpr char kPath[] = "services/templates/engine/LANGUAGE.md";

// A fenced block: its words behind the fence, and its lines.
struct Fence {
  std::string info;
  std::string text;
  int line = 0;
};

std::vector<Fence> ReadFences() {
  std::ifstream file(kPath);
  std::vector<Fence> fences;
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.rfind("```", 0) == 0) {
      inside = !inside;
      if (inside) fences.push_back({line.substr(3), "", number});
    } else if (inside) {
      std::string& text = fences.back().text;
      if (!text.empty()) text += "\n";
      text += line.empty() && text.empty() ? "\n" : line;
    }
  }
  return fences;
}

bool Has(const Fence& fence, std::string_view word) {
  return fence.info.find(word) != std::string::npos;
}

std::string Result(const Fence& source, const std::string& json,
                   const PartialMap& partials) {
  CompileOptions options;
  options.name = "example";
  if (Has(source, "syntax=2")) options.syntax = Syntax::kExtended;
  if (Has(source, "contextual")) options.escaping = Escaping::kContextual;
  const auto program = Program::Compile(source.text, options, partials);
  if (!program.ok()) return std::string(MessageOf(program.status()));
  Document data;
  const absl::Status read = data.ReadJson(json);
  if (!read.ok()) return std::string(MessageOf(read));
  const auto text = Render(*program, data);
  return text.ok() ? *text : std::string(MessageOf(text.status()));
}

TEST(Language, EveryExampleIsTrue) {
  Fence source;
  std::string json;
  std::map<std::string, std::string, std::less<>> partials;
  int examples = 0;
  for (const Fence& fence : ReadFences()) {
    if (Has(fence, "mustache")) {
      source = fence;
      partials.clear();
    } else if (Has(fence, "partial ")) {
      partials[fence.info.substr(8)] = fence.text;
    } else if (Has(fence, "json")) {
      json = fence.text;
    } else {
      ++examples;
      EXPECT_EQ(Result(source, json, PartialMap(partials)), fence.text)
          << kPath << ":" << source.line;
    }
  }
  EXPECT_GE(examples, 22);
}

}  // namespace
}  // namespace millrace::templates
