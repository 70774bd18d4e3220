#include "bus/kafka/received.h"

#include <algorithm>
#include <string_view>

namespace millrace::bus::kafka {

Record ToRecord(const rd_kafka_message_t& message) {
  Record record;
  record.topic = rd_kafka_topic_name(message.rkt);
  record.partition = message.partition;
  record.offset = message.offset;
  record.key.assign(static_cast<const char*>(message.key), message.key_len);
  record.has_value = message.payload != nullptr;
  record.value.assign(static_cast<const char*>(message.payload), message.len);
  // -1: it was sent without one.
  const int64_t time = rd_kafka_message_timestamp(&message, nullptr);
  record.time = absl::FromUnixMillis(std::max<int64_t>(time, 0));
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return record;
  }
  // Those of an event of ours have some 35 each; it need not be right.
  constexpr size_t kUsualHeaderBytes = 48;
  const size_t count = rd_kafka_header_cnt(headers);
  record.headers.Reserve(count, count * kUsualHeaderBytes);
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) ==
       RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    record.headers.Add(name,
                       std::string_view(static_cast<const char*>(value), size));
  }
  return record;
}

}  // namespace millrace::bus::kafka
