#include <set>

#include "base/strings.h"
#include "tools/contracts/check_parts.h"

namespace millrace::contracts {
namespace {

namespace pb = google::protobuf;
using compiler::Place;

void Reach(const pb::Descriptor* message,
           std::set<const pb::Descriptor*>* reached) {
  if (!reached->insert(message).second) return;
  for (int i = 0; i < message->field_count(); ++i) {
    const pb::Descriptor* type = message->field(i)->message_type();
    if (type != nullptr) Reach(type, reached);
  }
}

// The messages whose rules are checked: what requests are made of.
std::set<const pb::Descriptor*> Requests(const Contracts& contracts) {
  std::set<const pb::Descriptor*> reached;
  for (const pb::ServiceDescriptor* service : contracts.services) {
    for (int i = 0; i < service->method_count(); ++i) {
      Reach(service->method(i)->input_type(), &reached);
    }
  }
  return reached;
}

void CompareMessage(const pb::Descriptor* before, const pb::Descriptor* after,
                    bool requested, std::vector<Finding>* findings) {
  for (int i = 0; i < after->field_count(); ++i) {
    const pb::FieldDescriptor* field = after->field(i);
    const pb::FieldDescriptor* old = before->FindFieldByNumber(field->number());
    if (old == nullptr) {
      if (requested && MustBeSet(field)) {
        findings->push_back(
            MakeFinding(kRequiredFieldAdded, field->full_name(),
                        Place::OfOption(field, v1::kRulesFieldNumber),
                        "it is new, and required"));
      }
      continue;
    }
    if (IsSensitive(old) && !IsSensitive(field)) {
      findings->push_back(MakeFinding(kSensitiveRemoved, field->full_name(),
                                      Place::Of(field),
                                      "it is no longer sensitive"));
    }
    if (!IsSensitive(old) && IsSensitive(field)) {
      findings->push_back(
          MakeFinding(kSensitiveAdded, field->full_name(),
                      Place::OfOption(field, v1::kSensitiveFieldNumber),
                      "it is sensitive now"));
    }
    if (IsPersonal(old) && !IsPersonal(field)) {
      findings->push_back(MakeFinding(kPersonalRemoved, field->full_name(),
                                      Place::Of(field),
                                      "it is no longer personal"));
    }
    if (!requested) continue;
    std::string what;
    for (const std::string& one : Narrowed(old, field)) {
      StrAppend(&what, what.empty() ? "" : "; ", one);
    }
    if (what.empty()) continue;
    findings->push_back(
        MakeFinding(kRuleNarrowed, field->full_name(),
                    Place::OfOption(field, v1::kRulesFieldNumber), what));
  }
}

void CompareTree(const pb::Descriptor* before,
                 const std::set<const pb::Descriptor*>& requests,
                 const ContractTree& now, std::vector<Finding>* findings) {
  const pb::Descriptor* after =
      now.pool().FindMessageTypeByName(before->full_name());
  if (after != nullptr) {
    CompareMessage(before, after, requests.count(before) > 0, findings);
  }
  for (int i = 0; i < before->nested_type_count(); ++i) {
    if (before->nested_type(i)->options().map_entry()) continue;
    CompareTree(before->nested_type(i), requests, now, findings);
  }
}

}  // namespace

void CompareFields(const Contracts& baseline, const ContractTree& baseline_tree,
                   const ContractTree& now, std::vector<Finding>* findings) {
  const std::set<const pb::Descriptor*> requests = Requests(baseline);
  for (const pb::FileDescriptor* file : baseline_tree.files()) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      CompareTree(file->message_type(i), requests, now, findings);
    }
  }
}

}  // namespace millrace::contracts
