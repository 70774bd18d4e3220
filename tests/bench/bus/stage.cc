#include <sys/resource.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <deque>

#include "base/status.h"
#include "base/strings.h"
#include "bench.h"
#include "bus/kafka/kafka_transport.h"

namespace millrace::bench {
namespace {

double Seconds(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_nsec) / 1e9;
}

[[noreturn]] void Die(const absl::Status& status) {
  std::fprintf(stderr, "bus_bench: %s\n", status.ToString().c_str());
  std::exit(1);
}

// Not owned by a coroutine's caller: both live until the case has ended.
Promise<void> RunAndClose(KafkaStage& stage,
                          Promise<void> (*body)(KafkaStage& stage)) {
  co_await body(stage);
  co_await stage.transport().Close(absl::Seconds(30));
}

}  // namespace

::users::v1::UserCreated MakePayload(int number) {
  ::users::v1::UserCreated payload;
  payload.set_user_id(StrCat("user-", number % kKeys));
  payload.set_email(StrCat("user-", number, "@example.com"));
  payload.set_display_name(std::string(900, 'x'));
  payload.set_locale("en-GB");
  return payload;
}

const ContractInfo& ContractOn(const std::string& topic) {
  static std::deque<std::pair<std::string, ContractInfo>> contracts;
  auto& [name, contract] = contracts.emplace_back();
  name = topic;
  contract = Created::Contract::Info();
  contract.topic = name;
  return contract;
}

Stopwatch::Stopwatch()
    : wall_(Seconds(CLOCK_MONOTONIC)),
      cpu_(Seconds(CLOCK_PROCESS_CPUTIME_ID)) {}

double Stopwatch::seconds() const { return Seconds(CLOCK_MONOTONIC) - wall_; }

double Stopwatch::cpu_seconds() const {
  return Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_;
}

void Stopwatch::Print(int count) const {
  std::printf("{\"count\":%d,\"seconds\":%.6f,\"cpu_seconds\":%.6f}\n", count,
              seconds(), cpu_seconds());
  std::fflush(stdout);
}

KafkaStage::KafkaStage(const Run& run) : run_(run) {
  bus::KafkaOptions options;
  options.brokers = run.brokers;
  auto transport = bus::OpenKafka(loop_, std::move(options), logger_);
  if (!transport.ok()) Die(transport.status());
  transport_ = *std::move(transport);
}

void KafkaStage::Go(Promise<void> (*body)(KafkaStage& stage)) {
  absl::Status outcome;
  loop_.SetImmediate([&] {
    RunAndClose(*this, body)
        .Catch([&outcome](std::exception_ptr error) {
          outcome = StatusFrom(error);
        })
        .Detach();
  });
  loop_.Run();
  if (!outcome.ok()) Die(outcome);
}

}  // namespace millrace::bench
