#include "bus/kafka/options.h"

#include <latch>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/logger.h"
#include "bus/kafka/environment.h"
#include "bus/kafka/kafka_transport.h"
#include "bus/kafka/log_sink.h"

namespace millrace::bus {
namespace {

using ::testing::HasSubstr;

TEST(KafkaOptionsTest, DefaultsNeedOnlyBrokers) {
  KafkaOptions options;
  EXPECT_THAT(options.Validate().ToString(), HasSubstr("kafka.brokers"));
  options.brokers = "a:9092,b.example:19092,[::1]:9092";
  EXPECT_TRUE(options.Validate().ok()) << options.Validate();
}

TEST(KafkaOptionsTest, NamesWhatIsWrong) {
  KafkaOptions good;
  good.brokers = "a:1";
  for (const char* brokers : {"a", "a:", ":1", "a:1,", "a:1, b:1", "a:x"}) {
    KafkaOptions options = good;
    options.brokers = brokers;
    EXPECT_THAT(options.Validate().ToString(), HasSubstr("kafka.brokers"))
        << brokers;
  }
  KafkaOptions options = good;
  options.assignment = "cooperative-sticky";
  EXPECT_THAT(options.Validate().ToString(), HasSubstr("cooperative-sticky"));
  options = good;
  options.replication_factor = 0;
  EXPECT_THAT(options.Validate().ToString(), HasSubstr("replication_factor"));
  options = good;
  options.properties = {{"enable.idempotence", "false"}};
  EXPECT_THAT(options.Validate().ToString(),
              HasSubstr("'enable.idempotence' is set by the transport"));
}

TEST(KafkaOptionsTest, WhatLibrdkafkaRefusesIsNamed) {
  EventLoop loop;
  NullLogger logger;
  KafkaOptions options;
  options.brokers = "127.0.0.1:1";
  options.properties = {{"no.such.property", "1"}};
  const auto transport = OpenKafka(loop, options, logger);
  EXPECT_TRUE(absl::IsInvalidArgument(transport.status()));
  EXPECT_THAT(transport.status().ToString(), HasSubstr("no.such.property"));
}

class CountingLogger final : public Logger {
 public:
  bool Enabled(Severity) const override { return true; }
  void Write(Severity, std::string_view, absl::Span<const LogField>) override {
    ++lines;
  }
  int lines = 0;
};

TEST(KafkaLogSinkTest, WritesOnlySoMany) {
  CountingLogger logger;
  kafka::LogSink sink(logger);
  for (int i = 0; i < 1000; ++i) sink.Write(3, "FAIL", "connection refused");
  EXPECT_EQ(logger.lines, kafka::LogSink::kLines);
}

TEST(KafkaReaperTest, GivesUpOnAnInstanceThatDoesNotEnd) {
  static std::latch may_end(1), ended(1);
  CountingLogger logger;
  const auto logs = std::make_shared<kafka::LogSink>(logger);
  {
    kafka::Reaper reaper(logger, logs, absl::Milliseconds(20), [](rd_kafka_t*) {
      may_end.wait();
      ended.count_down();
    });
    reaper.Destroy(nullptr);
  }
  EXPECT_EQ(logger.lines, 1);
  // The logger may be gone when it says something.
  logs->Write(3, "FAIL", "connection refused");
  EXPECT_EQ(logger.lines, 1);
  may_end.count_down();
  ended.wait();
}

TEST(KafkaReaperTest, WaitsForThoseThatEnd) {
  CountingLogger logger;
  static bool destroyed;
  {
    kafka::Reaper reaper(logger, std::make_shared<kafka::LogSink>(logger),
                         absl::Hours(1), [](rd_kafka_t*) { destroyed = true; });
    reaper.Destroy(nullptr);
  }
  EXPECT_TRUE(destroyed);
  EXPECT_EQ(logger.lines, 0);
}

}  // namespace
}  // namespace millrace::bus
