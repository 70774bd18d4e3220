#include "store/statement_metrics.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "base/strings.h"

namespace millrace::store {
namespace {

constexpr size_t kLongestName = 100;

// From 50 us, of a row that is in memory, to 5 s.
const std::vector<double>& Buckets() {
  static const auto* const buckets = new std::vector<double>{
      0.00005, 0.0002, 0.001, 0.005, 0.02, 0.1, 0.5, 2, 5};
  return *buckets;
}

bool IsWord(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// Reads a statement word by word; literals are none.
class Namer {
 public:
  void Read(std::string_view piece) {
    last_.clear();
    operator_ = false;
    for (size_t i = 0; i < piece.size();) {
      const char c = piece[i];
      size_t end = i + 1;
      if (c == '\'') {
        end = std::min(piece.find('\'', i + 1), piece.size() - 1) + 1;
        last_.clear();
      } else if (absl::ascii_isalpha(c) || c == '_') {
        while (end < piece.size() && IsWord(piece[end])) ++end;
        Take(std::string(piece.substr(i, end - i)));
        operator_ = false;
      } else if (c == '=' || c == '<' || c == '>') {
        operator_ = true;
      } else if (!absl::ascii_isspace(c) && c != '"' && c != '(') {
        operator_ = false;
      }
      i = end;
    }
  }

  // What stands behind the piece that was read last.
  void Parameter(const std::string& name) {
    if (!in_where_ || absl::AsciiStrToUpper(last_) == "LIMIT") return;
    const std::string& column = operator_ && !last_.empty() ? last_ : name;
    if (std::find(by_.begin(), by_.end(), column) == by_.end()) {
      by_.push_back(column);
    }
  }

  std::string Name() const {
    std::string name = verb_;
    if (!table_.empty()) StrAppend(&name, " ", table_);
    if (!by_.empty()) StrAppend(&name, " by ", absl::StrJoin(by_, ", "));
    return name.substr(0, kLongestName);
  }

 private:
  void Take(std::string word) {
    std::string upper = absl::AsciiStrToUpper(word);
    if (verb_.empty()) verb_ = upper;
    if (table_next_ && upper != "SELECT" && upper != "ONLY") {
      table_ = word;
      table_next_ = false;
    } else if (table_.empty()) {
      table_next_ = upper == "FROM" || upper == "INTO" || upper == "UPDATE";
    }
    // An INSERT finds no rows.
    if (upper == "WHERE" && verb_ != "INSERT") in_where_ = true;
    last_ = std::move(word);
  }

  std::string verb_;
  std::string table_;
  std::vector<std::string> by_;
  bool table_next_ = false;
  bool in_where_ = false;
  std::string last_;       // word of the piece
  bool operator_ = false;  // is what the piece ends with
};

}  // namespace

std::string StatementName(const StatementText& text) {
  Namer namer;
  for (size_t i = 0; i < text.pieces.size(); ++i) {
    namer.Read(text.pieces[i]);
    if (i < text.names.size()) namer.Parameter(text.names[i]);
  }
  return namer.Name();
}

StatementMetrics::StatementMetrics(Metrics& metrics, std::string database)
    : metrics_(metrics), database_(std::move(database)) {}

const StatementMeter& StatementMetrics::Of(const StatementText& text) {
  std::string name = StatementName(text);
  const std::lock_guard lock(mutex_);
  auto found = meters_.find(name);
  if (found != meters_.end()) return found->second;
  if (meters_.size() >= kMostNames) name = "other";
  const Metrics::Labels labels = {{"database", database_}, {"statement", name}};
  const StatementMeter meter = {
      metrics_.AddHistogram("millrace_store_statement_seconds",
                            "Time of one run of a statement.", labels,
                            Buckets()),
      metrics_.AddCounter("millrace_store_statement_errors_total",
                          "Runs of a statement that failed.", labels)};
  return meters_.emplace(std::move(name), meter).first->second;
}

}  // namespace millrace::store
