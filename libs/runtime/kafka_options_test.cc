#include "runtime/kafka_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/logger.h"
#include "base/strings.h"
#include "bus/kafka/kafka_transport.h"
#include "loop/event_loop.h"
#include "runtime/test_support.h"

namespace millrace::runtime {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Pair;

Config SecuredConfig() {
  Config config;
  config::v1::Kafka& kafka = *config.mutable_bus()->mutable_kafka();
  kafka.add_brokers("127.0.0.1:1");
  kafka.set_security("sasl_ssl");
  kafka.set_sasl_mechanism("SCRAM-SHA-512");
  kafka.set_sasl_username("millrace");
  kafka.set_sasl_password("secret of the account");
  return config;
}

// What librdkafka says of a client with these settings.
std::string Refusal(const Config& config) {
  EventLoop loop;
  NullLogger logger;
  const auto transport = bus::OpenKafka(loop, KafkaOptionsOf(config), logger);
  return transport.ok() ? "" : std::string(MessageOf(transport.status()));
}

TEST(KafkaOptionsTest, SayHowToBeTrusted) {
  Config config = SecuredConfig();
  config::v1::Kafka& kafka = *config.mutable_bus()->mutable_kafka();
  kafka.set_ca_file("/tls/ca.crt");
  kafka.set_certificate_file("/tls/tls.crt");
  kafka.set_key_file("/tls/tls.key");
  kafka.set_key_password("secret of the key");
  EXPECT_THAT(KafkaOptionsOf(config).properties,
              IsSupersetOf({Pair("security.protocol", "sasl_ssl"),
                            Pair("sasl.mechanism", "SCRAM-SHA-512"),
                            Pair("sasl.username", "millrace"),
                            Pair("sasl.password", "secret of the account"),
                            Pair("ssl.ca.location", "/tls/ca.crt"),
                            Pair("ssl.certificate.location", "/tls/tls.crt"),
                            Pair("ssl.key.location", "/tls/tls.key"),
                            Pair("ssl.key.password", "secret of the key")}));
}

TEST(KafkaOptionsTest, SayHowPartitionsAreGivenOut) {
  Config config = SecuredConfig();
  EXPECT_EQ(KafkaOptionsOf(config).assignment, "roundrobin");
  config.mutable_bus()->set_assignment("range");
  EXPECT_EQ(KafkaOptionsOf(config).assignment, "range");
}

// librdkafka reads the files when a client is made, and names what it lacks.
TEST(KafkaOptionsTest, ReachLibrdkafka) {
#ifdef _GLIBCXX_TSAN  // of the preset tsan
  GTEST_SKIP() << "librdkafka starts its threads by thrd_create(), of which "
                  "the thread sanitizer is not told: it crashes in them";
#endif
  const ScratchDir dir;
  const std::string garbage = dir / "garbage.pem";
  std::ofstream(garbage) << "no certificate\n";
  EXPECT_EQ(Refusal(SecuredConfig()), "");

  Config config = SecuredConfig();
  config.mutable_bus()->mutable_kafka()->set_ca_file(garbage);
  EXPECT_THAT(Refusal(config), HasSubstr("ssl.ca.location"));
  config = SecuredConfig();
  config.mutable_bus()->mutable_kafka()->set_certificate_file(garbage);
  EXPECT_THAT(Refusal(config), HasSubstr("ssl.certificate.location"));
  config = SecuredConfig();
  config.mutable_bus()->mutable_kafka()->set_key_file(garbage);
  EXPECT_THAT(Refusal(config), HasSubstr("ssl.key.location"));
}

}  // namespace
}  // namespace millrace::runtime
