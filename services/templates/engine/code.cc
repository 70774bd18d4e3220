#include "services/templates/engine/code.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"

namespace millrace::templates {

const Source& Code::SourceAt(uint32_t offset) const {
  const auto behind = std::upper_bound(
      sources.begin(), sources.end(), offset,
      [](uint32_t at, const Source& source) { return at < source.text.begin; });
  return behind[-1];
}

Diagnostic Code::Describe(uint32_t offset, std::string message) const {
  const Source& source = SourceAt(offset);
  return MakeDiagnostic(source.name, View(source.text),
                        offset - source.text.begin, std::move(message));
}

std::string Code::PathText(const Op& op) const {
  std::string text;
  switch (op.scope) {
    case kThis:
      text = "this";
      break;
    case kRoot:
      text = "@root";
      break;
    case kIndex:
      return "@index";
    case kKey:
      return "@key";
    case kFirst:
      return "@first";
    case kLast:
      return "@last";
    default:
      for (int i = 0; i < op.scope; ++i) text += i == 0 ? ".." : "/..";
  }
  const char* between = text.empty() ? "" : op.scope < kThis ? "/" : ".";
  for (uint32_t i = 0; i < op.count; ++i) {
    StrAppend(&text, between, View(keys[op.a + i]));
    between = ".";
  }
  return text.empty() ? "." : text;
}

}  // namespace millrace::templates
