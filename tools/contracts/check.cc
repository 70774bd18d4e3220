#include "tools/contracts/check.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/numbers.h"
#include "base/strings.h"
#include "base/suggest.h"
#include "tools/contracts/check_parts.h"

namespace millrace::contracts {
namespace {

struct Location {
  std::string file;
  int line = 0;
  int column = 0;
};

// "users/v1/events.proto:17:5" taken apart.
Location Parse(const std::string& place) {
  Location location;
  const size_t column = place.rfind(':');
  const size_t line = place.rfind(':', column - 1);
  location.file = place.substr(0, line);
  (void)absl::SimpleAtoi(place.substr(line + 1, column - line - 1),
                         &location.line);
  (void)absl::SimpleAtoi(place.substr(column + 1), &location.column);
  return location;
}

bool Before(const Finding& a, const Finding& b) {
  const Location left = Parse(a.place), right = Parse(b.place);
  return std::tie(left.file, left.line, left.column, a.name, a.subject) <
         std::tie(right.file, right.line, right.column, b.name, b.subject);
}

}  // namespace

Finding MakeFinding(const FindingKind& kind, std::string subject,
                    const compiler::Place& place, std::string what) {
  Finding finding;
  finding.name = std::string(kind.name);
  finding.subject = std::move(subject);
  finding.place = place.ToString();
  finding.what = std::move(what);
  finding.why = std::string(kind.why);
  finding.fix = std::string(kind.fix);
  return finding;
}

std::vector<Finding> Compare(const ContractTree& baseline,
                             const ContractTree& now) {
  const Contracts before = ReadContracts(baseline);
  const Contracts after = ReadContracts(now);
  std::vector<Finding> findings;
  CompareEmitters(before, after, &findings);
  CompareMethods(before, after, &findings);
  CompareFields(before, baseline, now, &findings);
  std::stable_sort(findings.begin(), findings.end(), Before);
  return findings;
}

absl::StatusOr<Waiver> Waiver::Parse(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == text.npos || equals + 1 == text.size()) {
    return absl::InvalidArgumentError(
        StrCat("'", text,
               "' is not of the form NAME=SUBJECT, as in "
               "KEY_CHANGED=users.v1.UserEvents.Created"));
  }
  Waiver waiver;
  waiver.name = std::string(text.substr(0, equals));
  waiver.subject = std::string(text.substr(equals + 1));
  const std::vector<std::string> names = FindingNames();
  if (std::find(names.begin(), names.end(), waiver.name) == names.end()) {
    return absl::InvalidArgumentError(StrCat(
        "no finding is called ", waiver.name, DidYouMean(waiver.name, names)));
  }
  return waiver;
}

void Allow(std::vector<Waiver>* waivers, std::vector<Finding>* findings) {
  for (Finding& finding : *findings) {
    for (Waiver& waiver : *waivers) {
      if (waiver.name == finding.name && waiver.subject == finding.subject) {
        finding.allowed = true;
        waiver.used = true;
      }
    }
  }
}

std::string FindingsText(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    StrAppend(&text, finding.place,
              finding.in_baseline ? " (in the baseline)" : "", ": ",
              finding.allowed ? "allowed: " : "", finding.name, ": ",
              finding.subject, ": ", finding.what, "\n");
    if (finding.allowed) continue;
    StrAppend(&text, "  why: ", finding.why, "\n  fix: ", finding.fix,
              "\n  meant so: --allow ", finding.name, "=", finding.subject,
              "\n");
  }
  return text;
}

Document FindingsDocument(const std::vector<Finding>& findings) {
  Document document;
  document["findings"] = Document::Array();
  for (const Finding& finding : findings) {
    const Location location = Parse(finding.place);
    Document one;
    one["name"] = finding.name;
    one["subject"] = finding.subject;
    one["file"] = location.file;
    one["line"] = location.line;
    one["column"] = location.column;
    one["inBaseline"] = finding.in_baseline;
    one["what"] = finding.what;
    one["why"] = finding.why;
    one["fix"] = finding.fix;
    one["allowed"] = finding.allowed;
    document["findings"].Add(one);
  }
  return document;
}

}  // namespace millrace::contracts
