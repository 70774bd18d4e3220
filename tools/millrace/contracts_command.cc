#include "tools/millrace/contracts_command.h"

#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "base/status.h"
#include "base/strings.h"
#include "tools/contracts/asyncapi.h"
#include "tools/contracts/check.h"
#include "tools/contracts/contract_tree.h"
#include "tools/contracts/embedded.h"
#include "tools/contracts/graph.h"
#include "tools/contracts/list.h"
#include "tools/contracts/openapi.h"
#include "tools/millrace/apply_command.h"

namespace millrace::cli {
namespace {

using contracts::ContractTree;

struct ContractFlags {
  std::string descriptors;
  bool json = false;
  bool mermaid = false;
  contracts::DocumentOptions document;
  std::string payload = "json-schema";
  std::string baseline;
  std::vector<std::string> allowed;
  std::string allow_file;
};

ContractTree::Ptr LoadTree(const ContractFlags& flags) {
  return ValueOrThrow(
      flags.descriptors.empty()
          ? ContractTree::FromSet(contracts::EmbeddedContracts(),
                                  "the program's contracts")
          : ContractTree::Load(flags.descriptors));
}

int List(const ContractFlags& flags) {
  const ContractTree::Ptr tree = LoadTree(flags);
  const contracts::Contracts all = contracts::ReadContracts(*tree);
  std::cout << (flags.json ? ToJsonText(contracts::ListDocument(all))
                           : contracts::ListText(all));
  return 0;
}

void Print(const contracts::Document& document, const ContractFlags& flags) {
  std::cout << (flags.json ? ToJsonText(document) : ToYamlText(document));
}

int PrintOpenApi(const ContractFlags& flags) {
  const ContractTree::Ptr tree = LoadTree(flags);
  Print(contracts::OpenApi(contracts::ReadContracts(*tree), flags.document),
        flags);
  return 0;
}

int PrintAsyncApi(const ContractFlags& flags) {
  const ContractTree::Ptr tree = LoadTree(flags);
  Print(contracts::AsyncApi(contracts::ReadContracts(*tree), flags.document,
                            flags.payload == "protobuf"
                                ? contracts::PayloadForm::kProtobuf
                                : contracts::PayloadForm::kJsonSchema),
        flags);
  return 0;
}

std::vector<contracts::ModuleModel> Describe(
    const std::vector<runtime::ModuleFactory>& factories) {
  std::vector<contracts::ModuleModel> modules;
  for (const runtime::ModuleFactory& make : factories) {
    const std::unique_ptr<runtime::Module> module = make();
    contracts::ModuleModel& model = modules.emplace_back();
    model.name = std::string(module->name());
    for (const ServiceInfo* service : module->Provides()) {
      model.provides.emplace_back(service->full_name);
    }
    for (const ServiceInfo* service : module->Needs()) {
      model.needs.emplace_back(service->full_name);
    }
    for (const ContractInfo* contract : module->Contracts()) {
      model.contracts.emplace_back(contract->full_name);
    }
  }
  return modules;
}

int PrintGraph(const ContractFlags& flags,
               const std::vector<runtime::ModuleFactory>& modules) {
  const ContractTree::Ptr tree = LoadTree(flags);
  const contracts::Graph graph = contracts::MakeGraph(
      contracts::ReadContracts(*tree),
      // The program's modules say nothing of another platform.
      flags.descriptors.empty() ? Describe(modules)
                                : std::vector<contracts::ModuleModel>());
  if (flags.json) {
    std::cout << ToJsonText(contracts::GraphDocument(graph));
  } else {
    std::cout << (flags.mermaid ? contracts::GraphMermaid(graph)
                                : contracts::GraphDot(graph));
  }
  return 0;
}

// A waiver on each line; "#" begins a comment.
std::vector<std::string> AllowedIn(const std::string& path) {
  std::ifstream file(path);
  if (!file) Throw(absl::NotFoundError("cannot read " + path));
  std::vector<std::string> allowed;
  for (std::string line; std::getline(file, line);) {
    line.resize(std::min(line.find('#'), line.size()));
    const size_t begin = line.find_first_not_of(" \t\r");
    if (begin == line.npos) continue;
    const size_t end = line.find_last_not_of(" \t\r");
    allowed.push_back(line.substr(begin, end - begin + 1));
  }
  return allowed;
}

int Check(ContractFlags& flags) {
  if (!flags.allow_file.empty()) {
    for (std::string& line : AllowedIn(flags.allow_file)) {
      flags.allowed.push_back(std::move(line));
    }
  }
  std::vector<contracts::Waiver> waivers;
  for (const std::string& text : flags.allowed) {
    waivers.push_back(ValueOrThrow(contracts::Waiver::Parse(text)));
  }
  const ContractTree::Ptr baseline =
      ValueOrThrow(ContractTree::Load(flags.baseline));
  const ContractTree::Ptr now = LoadTree(flags);
  std::vector<contracts::Finding> findings =
      contracts::Compare(*baseline, *now);
  contracts::Allow(&waivers, &findings);
  int open = 0;
  for (const contracts::Finding& finding : findings) open += !finding.allowed;
  std::cout << (flags.json ? ToJsonText(contracts::FindingsDocument(findings))
                           : contracts::FindingsText(findings));
  for (const contracts::Waiver& waiver : waivers) {
    if (waiver.used) continue;
    std::cerr << "millrace contracts check: " << waiver.name << "="
              << waiver.subject << " allows nothing any more\n";
  }
  if (!flags.json) {
    std::cout << (open == 0 ? "nothing that runs is broken\n"
                            : StrCat(open, " change", open == 1 ? "" : "s",
                                     " would break what is running\n"));
  }
  return open == 0 ? 0 : 1;
}

// Runs a command; what it throws is an error of its input.
template <typename F>
void Run(int* code, const F& command) {
  try {
    *code = command();
  } catch (const StatusError& error) {
    std::cerr << "millrace contracts: " << MessageOf(error.status()) << "\n";
    *code = 2;
  }
}

CLI::App* AddCommand(CLI::App* parent, ContractFlags* flags, const char* name,
                     const char* description) {
  CLI::App* command = parent->add_subcommand(name, description);
  command->add_option("--descriptors", flags->descriptors,
                      "A descriptor set, or a folder of .proto files, instead "
                      "of the platform's own contracts");
  command->add_flag("--json", flags->json, "JSON");
  return command;
}

void AddDocumentOptions(CLI::App* command, ContractFlags* flags,
                        const char* server) {
  command->add_option("--title", flags->document.title, "Its title")
      ->capture_default_str();
  command
      ->add_option("--document-version", flags->document.version,
                   "The version of the contracts")
      ->capture_default_str();
  command->add_option("--server", flags->document.server, server);
}

}  // namespace

void AddContracts(CLI::App* app, std::vector<runtime::ModuleFactory> modules,
                  int* code) {
  auto flags = std::make_shared<ContractFlags>();
  flags->document.title = "Millrace";
  flags->document.version = MILLRACE_VERSION;
  CLI::App* parent = app->add_subcommand(
      "contracts",
      "What the contracts say: tables, documents, a graph, checks");
  parent->require_subcommand(1);

  AddCommand(parent, flags.get(), "list", "Print events and methods")
      ->callback([flags, code] { Run(code, [&] { return List(*flags); }); });

  CLI::App* openapi = AddCommand(parent, flags.get(), "openapi",
                                 "Print OpenAPI 3.1 of the HTTP face, as YAML");
  AddDocumentOptions(openapi, flags.get(), "The URL of the HTTP face");
  openapi->callback(
      [flags, code] { Run(code, [&] { return PrintOpenApi(*flags); }); });

  CLI::App* asyncapi = AddCommand(parent, flags.get(), "asyncapi",
                                  "Print AsyncAPI 3.0 of the events, as YAML");
  AddDocumentOptions(asyncapi, flags.get(), "HOST:PORT of the brokers");
  asyncapi
      ->add_option("--payload", flags->payload,
                   "How payloads are described: json-schema, or protobuf "
                   "(their source)")
      ->check(CLI::IsMember({"json-schema", "protobuf"}))
      ->capture_default_str();
  asyncapi->callback(
      [flags, code] { Run(code, [&] { return PrintAsyncApi(*flags); }); });

  CLI::App* graph =
      AddCommand(parent, flags.get(), "graph",
                 "Print who emits, listens and calls, for Graphviz");
  graph->add_flag("--mermaid", flags->mermaid, "For Mermaid");
  graph->callback([flags, code, modules] {
    Run(code, [&] { return PrintGraph(*flags, modules); });
  });

  CLI::App* check = AddCommand(
      parent, flags.get(), "check",
      "Name changes of topics, keys, retries and rules that break what runs");
  check
      ->add_option("--against", flags->baseline,
                   "The contracts that run: a descriptor set, or a folder of "
                   ".proto files")
      ->required();
  check->add_option("--allow", flags->allowed,
                    "A change that is meant: NAME=SUBJECT");
  check->add_option("--allow-file", flags->allow_file,
                    "A file with one of these on each line");
  check->callback([flags, code] { Run(code, [&] { return Check(*flags); }); });

  AddApply(parent, std::move(modules), code);
}

}  // namespace millrace::cli
