// The parts of Compare(): each adds to `findings` what it finds.
#ifndef MILLRACE_TOOLS_CONTRACTS_CHECK_PARTS_H_
#define MILLRACE_TOOLS_CONTRACTS_CHECK_PARTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "tools/contracts/check.h"
#include "tools/contracts/contract_model.h"
#include "tools/protoc-gen-millrace/diagnostics.h"

namespace millrace::contracts {

// What every finding of a name has in common.
struct FindingKind {
  std::string_view name;
  std::string_view why;
  std::string_view fix;
};

extern const FindingKind kContractRemoved;
extern const FindingKind kEventRemoved;
extern const FindingKind kTopicChanged;
extern const FindingKind kKeyChanged;
extern const FindingKind kPartitionsReduced;
extern const FindingKind kPartitionsAdded;
extern const FindingKind kRetentionShortened;
extern const FindingKind kRetryWeakened;
extern const FindingKind kDeadLetterTopicChanged;
extern const FindingKind kPayloadChanged;
extern const FindingKind kBaseRemoved;
extern const FindingKind kIdempotencyRemoved;
extern const FindingKind kAccessNarrowed;
extern const FindingKind kRuleNarrowed;
extern const FindingKind kRequiredFieldAdded;
extern const FindingKind kSensitiveAdded;
extern const FindingKind kSensitiveRemoved;
extern const FindingKind kPersonalRemoved;

Finding MakeFinding(const FindingKind& kind, std::string subject,
                    const compiler::Place& place, std::string what);

void CompareEmitters(const Contracts& baseline, const Contracts& now,
                     std::vector<Finding>* findings);
void CompareMethods(const Contracts& baseline, const Contracts& now,
                    std::vector<Finding>* findings);
void CompareFields(const Contracts& baseline, const ContractTree& baseline_tree,
                   const ContractTree& now, std::vector<Finding>* findings);

// What the new rules of a field let in less than the old ones did, one text
// for each rule: "max_len is 10, was 20".
std::vector<std::string> Narrowed(
    const google::protobuf::FieldDescriptor* baseline,
    const google::protobuf::FieldDescriptor* now);

}  // namespace millrace::contracts

#endif  // MILLRACE_TOOLS_CONTRACTS_CHECK_PARTS_H_
