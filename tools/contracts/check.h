// `millrace contracts check`: what a change of contracts would break that is
// running. Messages and signatures are `buf breaking`'s; here are the options:
// topics, keys, retries, rules.
//
// Pure functions over two trees. Both outlive the call; findings do not refer
// to them.
#ifndef MILLRACE_TOOLS_CONTRACTS_CHECK_H_
#define MILLRACE_TOOLS_CONTRACTS_CHECK_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/contracts/contract_tree.h"
#include "tools/contracts/document.h"

namespace millrace::contracts {

struct Finding {
  std::string name;          // "KEY_CHANGED"
  std::string subject;       // "users.v1.UserEvents.Created"
  std::string place;         // "users/v1/events.proto:17:5"
  bool in_baseline = false;  // what was removed has its place there
  std::string what;          // "the key is email, was user_id"
  std::string why;           // what it breaks
  std::string fix;           // what to do instead
  bool allowed = false;
};

// All findings, by place.
std::vector<Finding> Compare(const ContractTree& baseline,
                             const ContractTree& now);

// A finding that is meant: NAME=SUBJECT.
struct Waiver {
  std::string name;
  std::string subject;
  bool used = false;

  // INVALID_ARGUMENT for another form, or a name that no finding has.
  static absl::StatusOr<Waiver> Parse(std::string_view text);
};

// Marks the findings that a waiver allows, and the waivers that allow one.
void Allow(std::vector<Waiver>* waivers, std::vector<Finding>* findings);

// One paragraph for each finding that is not allowed, one line for the others.
std::string FindingsText(const std::vector<Finding>& findings);
Document FindingsDocument(const std::vector<Finding>& findings);

// The names that findings can have.
std::vector<std::string> FindingNames();

}  // namespace millrace::contracts

#endif  // MILLRACE_TOOLS_CONTRACTS_CHECK_H_
