#include "services/admin/topology.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "base/strings.h"

namespace millrace::admin {

namespace v1 = ::admin::v1;

namespace {

std::string OwnerOf(std::string_view full_name) {
  return std::string(full_name.substr(0, full_name.find('.')));
}

bool StreamsRequests(MethodKind kind) {
  return kind == MethodKind::kClientStream || kind == MethodKind::kBidi;
}

bool StreamsResponses(MethodKind kind) {
  return kind == MethodKind::kServerStream || kind == MethodKind::kBidi;
}

void Add(const ServiceInfo& service, v1::Topology* topology) {
  v1::TopologyService* out = topology->add_services();
  out->set_name(std::string(service.full_name));
  out->set_owner(OwnerOf(service.full_name));
  for (const MethodInfo& method : service.methods) {
    v1::TopologyMethod* to = out->add_methods();
    to->set_name(std::string(method.name));
    to->set_request(method.request().GetDescriptor()->full_name());
    to->set_response(method.response().GetDescriptor()->full_name());
    to->set_client_streaming(StreamsRequests(method.kind));
    to->set_server_streaming(StreamsResponses(method.kind));
  }
}

void Add(const ContractInfo& contract, const std::vector<bus::GroupLag>& lags,
         v1::Topology* topology) {
  v1::TopologyContract* out = topology->add_contracts();
  out->set_name(std::string(contract.full_name));
  out->set_owner(OwnerOf(contract.full_name));
  out->set_topic(std::string(contract.topic));
  out->set_partitions(contract.partitions);
  out->set_dead_letter_topic(std::string(contract.dead_letter_topic));
  for (const EventInfo& event : contract.events) {
    out->add_events(std::string(event.name));
  }
  for (const bus::GroupLag& lag : lags) {
    if (lag.topic != contract.topic) continue;
    v1::TopologyListener* listener = out->add_listeners();
    listener->set_group(lag.group);
    listener->set_lag(lag.lag);
  }
}

// The infos in the order of their names, each once.
template <typename Info>
std::vector<const Info*> Sorted(std::vector<const Info*> infos) {
  std::sort(infos.begin(), infos.end(), [](const Info* a, const Info* b) {
    return a->full_name < b->full_name;
  });
  infos.erase(std::unique(infos.begin(), infos.end()), infos.end());
  return infos;
}

// What Mermaid takes for the name of a node.
std::string Node(std::string_view kind, std::string_view name) {
  std::string node = StrCat(kind, "_", name);
  for (char& c : node) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return node;
}

}  // namespace

v1::Topology MakeTopology(const std::vector<const ServiceInfo*>& services,
                          const Contracts& contracts,
                          const std::vector<bus::GroupLag>& lags) {
  v1::Topology topology;
  for (const ServiceInfo* service : Sorted(services)) Add(*service, &topology);
  for (const ContractInfo* contract : Sorted(contracts)) {
    Add(*contract, lags, &topology);
  }
  return topology;
}

std::string MermaidOf(const v1::Topology& topology) {
  std::set<std::string> owners, groups;
  std::string nodes, edges;
  for (const v1::TopologyService& service : topology.services()) {
    owners.insert(service.owner());
    const std::string node = Node("rpc", service.name());
    StrAppend(&nodes, "  ", node, "[\"", service.name(), "\"]\n");
    StrAppend(&edges, "  ", Node("service", service.owner()), " -->|answers| ",
              node, "\n");
  }
  for (const v1::TopologyContract& contract : topology.contracts()) {
    owners.insert(contract.owner());
    const std::string node = Node("events", contract.name());
    StrAppend(&nodes, "  ", node, "[/\"", contract.name(), "<br>",
              contract.topic(), "\"/]\n");
    StrAppend(&edges, "  ", Node("service", contract.owner()), " -->|emits| ",
              node, "\n");
    for (const v1::TopologyListener& listener : contract.listeners()) {
      groups.insert(listener.group());
      const std::string behind =
          listener.lag() > 0 ? StrCat("|", listener.lag(), " behind| ") : " ";
      StrAppend(&edges, "  ", node, " -.->", behind,
                Node("group", listener.group()), "\n");
    }
  }
  for (const std::string& owner : owners) {
    StrAppend(&nodes, "  ", Node("service", owner), "(\"", owner, "\")\n");
  }
  for (const std::string& group : groups) {
    StrAppend(&nodes, "  ", Node("group", group), "([\"", group, "\"])\n");
  }
  return StrCat("flowchart LR\n", nodes, edges);
}

}  // namespace millrace::admin
