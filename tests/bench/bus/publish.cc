// Publishing: typed events through the bus, beside librdkafka's producer in a
// bare C loop with the same settings.
#include <cstdio>
#include <cstdlib>

#include "bare.h"
#include "base/status.h"
#include "bench.h"
#include "bus/codec.h"
#include "bus/make_event.h"

namespace millrace::bench {
namespace {

constexpr int kOutstanding = 10'000;

Promise<void> PublishAll(KafkaStage& stage) {
  const Run& run = stage.run();
  bus::Bus bus(stage.loop(), stage.transport(), stage.logger(),
               stage.metrics());
  const ContractInfo& contract = ContractOn(run.topic);
  const EventInfo& event = contract.events[Created::kIndex];
  // The first record waits for metadata and for the producer's id.
  const auto warm = MakePayload(0);
  co_await bus.Publish(contract, event, warm, "warm", CallContext());

  const Stopwatch watch;
  int outstanding = 0;
  int failed = 0;
  std::optional<Deferred<void>> room;
  for (int i = 0; i < run.count; ++i) {
    if (outstanding == kOutstanding) {
      room.emplace();
      co_await room->promise();
    }
    ++outstanding;
    const auto payload = MakePayload(i);
    bus.Publish(contract, event, payload, payload.user_id(), CallContext())
        .Then(
            [&](const std::string&) {
              // Half empty, so that it is filled by many at once.
              if (--outstanding == kOutstanding / 2 && room) {
                std::exchange(room, std::nullopt)->Resolve();
              }
            },
            [&](std::exception_ptr) { ++failed; })
        .Detach();
  }
  while (outstanding > 0 && failed == 0) co_await Delay(absl::Milliseconds(1));
  if (failed > 0) Throw(absl::InternalError("an event was not published"));
  watch.Print(run.count);
}

void OnReport(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    std::fprintf(stderr, "bus_bench: %s\n", rd_kafka_err2str(message->err));
    std::exit(1);
  }
  ++*static_cast<int*>(opaque);
}

}  // namespace

void PublishOurs(const Run& run) {
  KafkaStage stage(run);
  stage.Go(&PublishAll);
}

// The records are those that the bus would write, with all headers.
void PublishFloor(const Run& run) {
  int acknowledged = 0;
  rd_kafka_conf_t* conf = BareConfig(run);
  Set(conf, "enable.idempotence", "true");
  Set(conf, "linger.ms", "0");
  rd_kafka_conf_set_opaque(conf, &acknowledged);
  rd_kafka_conf_set_dr_msg_cb(conf, &OnReport);
  rd_kafka_t* producer = BareClient(RD_KAFKA_PRODUCER, conf);
  const ContractInfo& contract = ContractOn(run.topic);
  const EventInfo& event = contract.events[Created::kIndex];
  const SystemClock clock;
  rd_kafka_topic_t* topic =
      rd_kafka_topic_new(producer, run.topic.c_str(), nullptr);
  // What a record has is made once: the floor is the producer alone.
  const bus::Record record =
      bus::EncodeEvent(bus::MakeEvent(CallContext(), clock, "/bench", event,
                                      MakePayload(0), "user-0"),
                       run.topic);
  const auto produce = [&](const std::string& key) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers) {
      rd_kafka_header_add(headers, name.data(),
                          static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
    }
    while (rd_kafka_producev(
               producer, RD_KAFKA_V_RKT(topic),
               RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
               RD_KAFKA_V_KEY(key.data(), key.size()),
               RD_KAFKA_V_VALUE(const_cast<char*>(record.value.data()),
                                record.value.size()),
               RD_KAFKA_V_HEADERS(headers),
               RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      rd_kafka_poll(producer, 10);
    }
  };
  produce("warm");
  while (acknowledged < 1) rd_kafka_poll(producer, 100);
  const Stopwatch watch;
  for (int i = 0; i < run.count; ++i) {
    produce(std::string("user-") + std::to_string(i % kKeys));
    if (i % 64 == 0) rd_kafka_poll(producer, 0);
  }
  while (acknowledged < run.count + 1) rd_kafka_poll(producer, 100);
  watch.Print(run.count);
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(producer);
}

}  // namespace millrace::bench
