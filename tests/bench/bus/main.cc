// bus_bench CASE BROKERS TOPIC GROUP COUNT [DATABASE]: one side of one case,
// see bench.h. Prints what it measured as a line of JSON. compare.mjs runs it.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/status.h"
#include "bench.h"

namespace millrace::bench {
namespace {

struct Side {
  std::string_view name;
  void (*run)(const Run& run);
};

constexpr Side kSides[] = {
    {"prepare", [](const Run& run) { PrepareTopic(run, run.count); }},
    {"publish", &PublishOurs},
    {"publish_floor", &PublishFloor},
    {"consume", &ConsumeOurs},
    {"consume_floor", &ConsumeFloor},
    {"read", &ConsumeOurs},
    {"read_floor", &ReadFloor},
    {"lanes", &LanesOurs},
    {"lanes_floor", &LanesOneAtATime},
    {"drain", &Drain},
    {"embedded", &EmbeddedOurs},
    {"embedded_floor", &EmbeddedFloor},
    {"idle", &IdleOurs},
    {"idle_floor", &IdleFloor},
    {"audited", &AuditedOurs},
    {"audited_floor", &AuditedFloor},
    {"relay", &RelayOurs},
    {"relay_floor", &RelayFloor},
};

Promise<void> Prepare(KafkaStage& stage) {
  std::vector<bus::TopicSpec> topics(1);
  topics[0].name = stage.run().topic;
  topics[0].partitions = stage.run().count;
  co_await stage.transport().EnsureTopics(std::move(topics));
}

int Usage() {
  std::fprintf(stderr,
               "usage: bus_bench CASE BROKERS TOPIC GROUP COUNT [DATABASE]\n");
  for (const Side& side : kSides) {
    std::fprintf(stderr, "  %s\n", std::string(side.name).c_str());
  }
  return 2;
}

}  // namespace

void PrepareTopic(const Run& run, int partitions) {
  Run topic = run;
  topic.count = partitions;
  KafkaStage(topic).Go(&Prepare);
}

}  // namespace millrace::bench

int main(int argc, char** argv) {
  using namespace millrace::bench;
  if (argc != 6 && argc != 7) return Usage();
  const Run run = {argv[2], argv[3], argv[4], std::atoi(argv[5]),
                   argc == 7 ? argv[6] : ""};
  for (const Side& side : kSides) {
    if (side.name != argv[1]) continue;
    side.run(run);
    return 0;
  }
  return Usage();
}
