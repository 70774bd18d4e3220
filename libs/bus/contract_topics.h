// The topics that contracts ask for: one for the events of each, and one for
// its dead letters. Pure functions, any thread.
#ifndef MILLRACE_BUS_CONTRACT_TOPICS_H_
#define MILLRACE_BUS_CONTRACT_TOPICS_H_

#include <vector>

#include "bus/transport.h"
#include "contract/event.h"

namespace millrace::bus {

// The contracts that stand for the topics of `contract` and of all that it
// extends: declarations that are merged share one.
std::vector<const ContractInfo*> PerTopic(const ContractInfo& contract);

TopicSpec TopicOf(const ContractInfo& contract);

// How long after it came an event of the contract, or of one that it extends,
// may come again: as a dead letter that is replayed on its last day, and then
// stays in its topic.
absl::Duration ComesAgainWithin(const ContractInfo& contract);

// Of these, which stand for one topic each; the dead letters' behind each.
std::vector<TopicSpec> TopicsOf(
    const std::vector<const ContractInfo*>& contracts);

// Of any contracts and all that they extend, each topic once.
std::vector<TopicSpec> AllTopicsOf(
    const std::vector<const ContractInfo*>& contracts);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_CONTRACT_TOPICS_H_
