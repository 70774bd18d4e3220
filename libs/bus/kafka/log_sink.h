// Where librdkafka's own log lines go: to the Logger, never to stderr, and not
// more than a few per second. Any thread: librdkafka logs from its own.
#ifndef MILLRACE_BUS_KAFKA_LOG_SINK_H_
#define MILLRACE_BUS_KAFKA_LOG_SINK_H_

#include <librdkafka/rdkafka.h>

#include <mutex>

#include "absl/time/time.h"
#include "base/logger.h"

namespace millrace::bus::kafka {

class LogSink {
 public:
  // Lines per window; of those beyond only the number is told.
  static constexpr int kLines = 20;
  static constexpr absl::Duration kWindow = absl::Seconds(10);

  explicit LogSink(Logger& logger) : logger_(&logger) {}

  // Nothing is written any more, and the logger may go.
  void Close();

  // `level` is syslog's.
  void Write(int level, const char* facility, const char* text);

  // For rd_kafka_conf_set_log_cb(): the instance's opaque is the LogSink.
  static void Callback(const rd_kafka_t* client, int level,
                       const char* facility, const char* text);

 private:
  // Whether one more line may be written now.
  bool Admit(int* suppressed);

  std::mutex mutex_;
  Logger* logger_;  // null once it is closed
  absl::Time window_start_ = absl::InfinitePast();
  int lines_ = 0;
};

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_LOG_SINK_H_
