// What a configuration says of Kafka, as its transport is told. Pure.
#ifndef MILLRACE_RUNTIME_KAFKA_OPTIONS_H_
#define MILLRACE_RUNTIME_KAFKA_OPTIONS_H_

#include "bus/kafka/options.h"
#include "runtime/config.h"

namespace millrace::runtime {

bus::KafkaOptions KafkaOptionsOf(const Config& config);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_KAFKA_OPTIONS_H_
