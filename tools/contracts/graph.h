// `millrace contracts graph`: who emits, extends, listens and calls.
//
// Emitting and extending stand in the contracts; the owner of a contract is the
// first part of its package. Listening and calling stand in code: they are
// known of the modules of a process, from what these say they need. Not known
// are consumers elsewhere, and which of a contract's events a module handles.
#ifndef MILLRACE_TOOLS_CONTRACTS_GRAPH_H_
#define MILLRACE_TOOLS_CONTRACTS_GRAPH_H_

#include <string>
#include <vector>

#include "tools/contracts/contract_model.h"
#include "tools/contracts/document.h"

namespace millrace::contracts {

struct GraphNode {
  std::string id;    // unique
  std::string kind;  // "module", "contract" or "service"
  std::string text;
};

struct GraphEdge {
  std::string from, to;
  std::string kind;  // "emits", "extends", "listens", "provides" or "calls"
  bool operator<(const GraphEdge& other) const;
};

struct Graph {
  std::vector<GraphNode> nodes;
  std::vector<GraphEdge> edges;  // sorted
  std::string note;              // what it leaves out
};

Graph MakeGraph(const Contracts& contracts,
                const std::vector<ModuleModel>& modules);

std::string GraphDot(const Graph& graph);
std::string GraphMermaid(const Graph& graph);
Document GraphDocument(const Graph& graph);

}  // namespace millrace::contracts

#endif  // MILLRACE_TOOLS_CONTRACTS_GRAPH_H_
