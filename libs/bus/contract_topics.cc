#include "bus/contract_topics.h"

#include <algorithm>
#include <string>

namespace millrace::bus {
namespace {

TopicSpec DeadLetterTopicOf(const ContractInfo& contract) {
  TopicSpec topic = TopicOf(contract);
  topic.name = std::string(contract.dead_letter_topic);
  // Letters want looking at: they stay longer than what they are made of.
  topic.retention = std::max(contract.retention, absl::Hours(24 * 30));
  return topic;
}

void AddPerTopic(const ContractInfo& contract,
                 std::vector<const ContractInfo*>* contracts) {
  for (const ContractInfo* one : DeclaringContracts(contract)) {
    const bool known = std::any_of(
        contracts->begin(), contracts->end(),
        [&](const ContractInfo* other) { return other->topic == one->topic; });
    if (!known) contracts->push_back(one);
  }
}

}  // namespace

std::vector<const ContractInfo*> PerTopic(const ContractInfo& contract) {
  std::vector<const ContractInfo*> contracts;
  AddPerTopic(contract, &contracts);
  return contracts;
}

TopicSpec TopicOf(const ContractInfo& contract) {
  TopicSpec topic;
  topic.name = std::string(contract.topic);
  topic.partitions = contract.partitions;
  topic.retention = contract.retention;
  return topic;
}

absl::Duration ComesAgainWithin(const ContractInfo& contract) {
  absl::Duration longest = absl::ZeroDuration();
  for (const ContractInfo* one : DeclaringContracts(contract)) {
    longest =
        std::max(longest, DeadLetterTopicOf(*one).retention + one->retention);
  }
  return longest;
}

std::vector<TopicSpec> TopicsOf(
    const std::vector<const ContractInfo*>& contracts) {
  std::vector<TopicSpec> topics;
  for (const ContractInfo* contract : contracts) {
    topics.push_back(TopicOf(*contract));
    topics.push_back(DeadLetterTopicOf(*contract));
  }
  return topics;
}

std::vector<TopicSpec> AllTopicsOf(
    const std::vector<const ContractInfo*>& contracts) {
  std::vector<const ContractInfo*> all;
  for (const ContractInfo* contract : contracts) AddPerTopic(*contract, &all);
  return TopicsOf(all);
}

}  // namespace millrace::bus
