// Who of a group's members gets which partition. Pure function.
#ifndef MILLRACE_BUS_LOCAL_ASSIGN_H_
#define MILLRACE_BUS_LOCAL_ASSIGN_H_

#include <map>
#include <string>
#include <vector>

#include "bus/transport.h"

namespace millrace::bus::local {

// The partitions of one topic over the members that want it (by any name, in
// order): their numbers differ by at most one, and as many as that allows stay
// where they are (`owners`, which may name members that are gone).
std::map<TopicPartition, int> Assign(
    const std::vector<TopicPartition>& partitions,
    const std::vector<int>& members,
    const std::map<TopicPartition, int>& owners);

}  // namespace millrace::bus::local

#endif  // MILLRACE_BUS_LOCAL_ASSIGN_H_
