// librdkafka's own clients, as a bare C program makes them. A setting that is
// refused, or a client that cannot be made, ends the program.
#ifndef MILLRACE_TESTS_BENCH_BUS_BARE_H_
#define MILLRACE_TESTS_BENCH_BUS_BARE_H_

#include <librdkafka/rdkafka.h>

#include "bench.h"

namespace millrace::bench {

// With the brokers of the run; to be changed before it is used.
rd_kafka_conf_t* BareConfig(const Run& run);
void Set(rd_kafka_conf_t* conf, const char* name, const char* value);
// Takes the configuration.
rd_kafka_t* BareClient(rd_kafka_type_t type, rd_kafka_conf_t* conf);

// In the group of the run, subscribed to its topic, from the first record on.
rd_kafka_t* BareConsumer(const Run& run);

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_BUS_BARE_H_
