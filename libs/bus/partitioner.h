// Which partition a key belongs to. The same for every transport, and the same
// as Apache Kafka's default partitioner, so that a key lands alike whoever
// publishes it. Pure functions.
#ifndef MILLRACE_BUS_PARTITIONER_H_
#define MILLRACE_BUS_PARTITIONER_H_

#include <cstdint>
#include <string_view>

namespace millrace::bus {

// MurmurHash2, 32 bits, with the seed that Kafka uses.
uint32_t Murmur2(std::string_view bytes);

// `partitions` must be positive.
int PartitionOf(std::string_view key, int partitions);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_PARTITIONER_H_
