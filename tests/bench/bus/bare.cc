#include "bare.h"

#include <cstdio>
#include <cstdlib>

namespace millrace::bench {
namespace {

[[noreturn]] void Die(const char* text) {
  std::fprintf(stderr, "bus_bench: %s\n", text);
  std::exit(1);
}

}  // namespace

void Set(rd_kafka_conf_t* conf, const char* name, const char* value) {
  char text[256];
  if (rd_kafka_conf_set(conf, name, value, text, sizeof text) !=
      RD_KAFKA_CONF_OK) {
    Die(text);
  }
}

rd_kafka_conf_t* BareConfig(const Run& run) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  Set(conf, "bootstrap.servers", run.brokers.c_str());
  return conf;
}

rd_kafka_t* BareClient(rd_kafka_type_t type, rd_kafka_conf_t* conf) {
  char text[256];
  rd_kafka_t* client = rd_kafka_new(type, conf, text, sizeof text);
  if (client == nullptr) Die(text);
  return client;
}

rd_kafka_t* BareConsumer(const Run& run) {
  rd_kafka_conf_t* conf = BareConfig(run);
  Set(conf, "group.id", run.group.c_str());
  Set(conf, "auto.offset.reset", "earliest");
  Set(conf, "check.crcs", "true");
  Set(conf, "fetch.wait.max.ms", "100");
  rd_kafka_t* consumer = BareClient(RD_KAFKA_CONSUMER, conf);
  rd_kafka_poll_set_consumer(consumer);
  rd_kafka_topic_partition_list_t* topics =
      rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, run.topic.c_str(),
                                    RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(consumer, topics);
  rd_kafka_topic_partition_list_destroy(topics);
  return consumer;
}

}  // namespace millrace::bench
