#include "tools/millrace/apply_command.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/logger.h"
#include "base/status.h"
#include "base/strings.h"
#include "bus/contract_topics.h"
#include "bus/kafka/topic_admin.h"
#include "bus/topic_plan.h"
#include "loop/event_loop.h"
#include "runtime/kafka_options.h"
#include "tools/millrace/process_config.h"

namespace millrace::cli {
namespace {

using Modules = std::vector<runtime::ModuleFactory>;
using Kind = bus::TopicChange::Kind;

struct ApplyFlags {
  bool dry_run = false;
  bool allow_more_partitions = false;
};

std::vector<bus::TopicSpec> WantedTopics(const Modules& modules) {
  std::vector<const ContractInfo*> contracts;
  for (const runtime::ModuleFactory& make : modules) {
    const std::unique_ptr<runtime::Module> module = make();
    for (const ContractInfo* contract : module->Contracts()) {
      contracts.push_back(contract);
    }
  }
  return bus::AllTopicsOf(contracts);
}

std::string Action(const bus::TopicChange& change, bool dry_run) {
  const std::string_view would = dry_run ? "would be " : "";
  switch (change.kind) {
    case Kind::kNone:
      return "as it should be";
    case Kind::kCreate:
      return StrCat(would, "created: ", change.detail);
    case Kind::kPartitions:
    case Kind::kRetention:
      return StrCat(would, "changed: ", change.detail);
    case Kind::kRefused:
      return StrCat("REFUSED: ", change.detail);
  }
  return "";
}

// Does what the plan says, a line for each; whether all is well now.
bool Carry(const std::vector<bus::TopicChange>& plan, const ApplyFlags& flags,
           bus::TopicAdmin& admin) {
  int width = 0;
  for (const bus::TopicChange& change : plan) {
    width = std::max(width, static_cast<int>(change.wanted.name.size()));
  }
  bool well = true;
  for (const bus::TopicChange& change : plan) {
    std::string action = Action(change, flags.dry_run);
    well &= change.kind == Kind::kNone ||
            (change.kind != Kind::kRefused && !flags.dry_run);
    if (!flags.dry_run) {
      if (absl::Status status = admin.Apply(change); !status.ok()) {
        well = false;
        action = StrCat("FAILED: ", MessageOf(status));
      }
    }
    std::cout << absl::StrFormat("%-*s  %s\n", width, change.wanted.name,
                                 action);
  }
  return well;
}

int Apply(const std::vector<std::string>& arguments, const ApplyFlags& flags,
          const Modules& modules) {
  const runtime::Config config =
      LoadProcessConfig("millrace contracts apply", arguments, modules);
  if (config.bus().transport() != "kafka") {
    std::cout << "the embedded bus makes its topics itself: nothing to do\n";
    return 0;
  }
  EventLoop loop;
  NullLogger logger;
  const auto admin = ValueOrThrow(
      bus::OpenTopicAdmin(loop, runtime::KafkaOptionsOf(config), logger));
  const std::vector<bus::TopicSpec> wanted = WantedTopics(modules);
  std::vector<std::string> names;
  for (const bus::TopicSpec& topic : wanted) names.push_back(topic.name);
  const absl::StatusOr<std::vector<bus::ExistingTopic>> existing =
      admin->Describe(names);
  if (!existing.ok()) {
    std::cerr << "millrace contracts apply: " << MessageOf(existing.status())
              << "\n";
    return 1;
  }
  const std::vector<bus::TopicChange> plan =
      bus::PlanTopics(wanted, *existing, flags.allow_more_partitions);
  return Carry(plan, flags, *admin) ? 0 : 1;
}

}  // namespace

void AddApply(CLI::App* contracts, Modules modules, int* code) {
  auto flags = std::make_shared<ApplyFlags>();
  CLI::App* command = contracts->add_subcommand(
      "apply",
      "Create and change the topics in Kafka as the contracts say; takes "
      "--config FILE, --kafka-brokers and --set as 'millrace up' does");
  command->allow_extras();
  command->add_flag("--dry-run", flags->dry_run,
                    "Only print what would be done");
  command->add_flag("--allow-more-partitions", flags->allow_more_partitions,
                    "Although keys move to other partitions");
  command->callback([command, flags, code, modules = std::move(modules)] {
    try {
      *code = Apply(command->remaining(), *flags, modules);
    } catch (const StatusError& error) {
      std::cerr << "millrace contracts apply: " << MessageOf(error.status())
                << "\n";
      *code = 2;
    }
  });
}

}  // namespace millrace::cli
