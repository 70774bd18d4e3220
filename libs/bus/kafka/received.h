// From a message of librdkafka to a Record; everything is copied. Any thread.
#ifndef MILLRACE_BUS_KAFKA_RECEIVED_H_
#define MILLRACE_BUS_KAFKA_RECEIVED_H_

#include <librdkafka/rdkafka.h>

#include "bus/transport.h"

namespace millrace::bus::kafka {

Record ToRecord(const rd_kafka_message_t& message);

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_RECEIVED_H_
