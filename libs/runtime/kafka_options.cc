#include "runtime/kafka_options.h"

#include <string>

#include "absl/strings/str_join.h"

namespace millrace::runtime {

bus::KafkaOptions KafkaOptionsOf(const Config& config) {
  const config::v1::Kafka& kafka = config.bus().kafka();
  bus::KafkaOptions options;
  options.brokers = absl::StrJoin(kafka.brokers(), ",");
  options.create_topics = config.bus().create_topics();
  options.replication_factor = kafka.replication_factor();
  options.session_timeout = DurationOf(kafka.session_timeout());
  options.assignment = config.bus().assignment();
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) options.properties.emplace_back(name, value);
  };
  set("security.protocol", kafka.security());
  set("ssl.ca.location", kafka.ca_file());
  set("ssl.certificate.location", kafka.certificate_file());
  set("ssl.key.location", kafka.key_file());
  set("ssl.key.password", kafka.key_password());
  if (kafka.security().starts_with("sasl")) {
    set("sasl.mechanism", kafka.sasl_mechanism());
    set("sasl.username", kafka.sasl_username());
    set("sasl.password", kafka.sasl_password());
  }
  return options;
}

}  // namespace millrace::runtime
