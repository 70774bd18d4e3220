#include "tools/contracts/graph.h"

#include <map>
#include <set>
#include <tuple>

#include "base/strings.h"

namespace millrace::contracts {
namespace {

constexpr char kNotKnown[] =
    "Left out: consumers and callers outside this program, and which of a "
    "contract's events a module handles.";
constexpr char kNoModules[] =
    "Left out: who listens and who calls, which the contracts do not say.";

// Letters, digits and underscores, for languages that want no quotes.
std::string Identifier(const std::string& id) {
  std::string name = id;
  for (char& c : name) {
    if (c == '.' || c == ':') c = '_';
  }
  return name;
}

std::string ModuleId(const std::string& name) { return "module:" + name; }

std::string EmitterTitle(const EmitterModel& emitter) {
  std::string text = emitter.name;
  if (!emitter.topic.empty()) StrAppend(&text, "\n", emitter.topic);
  for (const EventModel& event : emitter.events) {
    StrAppend(&text, "\n", event.name, " (", event.key, ")");
  }
  return text;
}

std::string Joined(const std::string& lines, std::string_view separator) {
  std::string text;
  for (const char c : lines) {
    if (c == '\n') {
      text += separator;
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

bool GraphEdge::operator<(const GraphEdge& other) const {
  return std::tie(from, to, kind) < std::tie(other.from, other.to, other.kind);
}

Graph MakeGraph(const Contracts& contracts,
                const std::vector<ModuleModel>& modules) {
  Graph graph;
  std::set<std::string> owners;
  std::set<GraphEdge> edges;
  std::set<std::string> known;
  for (const EmitterModel& emitter : contracts.emitters) {
    graph.nodes.push_back({emitter.name, "contract", EmitterTitle(emitter)});
    known.insert(emitter.name);
    owners.insert(emitter.owner);
    edges.insert({ModuleId(emitter.owner), emitter.name, "emits"});
    for (const std::string& base : emitter.extends) {
      edges.insert({emitter.name, base, "extends"});
    }
  }
  for (const auto* service : contracts.services) {
    graph.nodes.push_back(
        {service->full_name(), "service", service->full_name()});
    known.insert(service->full_name());
  }
  for (const ModuleModel& module : modules) {
    owners.insert(module.name);
    for (const std::string& name : module.provides) {
      if (known.count(name) == 0) continue;
      edges.insert({ModuleId(module.name), name, "provides"});
    }
    for (const std::string& name : module.needs) {
      if (known.count(name) == 0) continue;
      edges.insert({ModuleId(module.name), name, "calls"});
    }
    for (const std::string& name : module.contracts) {
      const EmitterModel* emitter = contracts.FindEmitter(name);
      if (emitter == nullptr || emitter->owner == module.name) continue;
      edges.insert({name, ModuleId(module.name), "listens"});
    }
  }
  for (const std::string& owner : owners) {
    graph.nodes.push_back({ModuleId(owner), "module", owner});
  }
  graph.edges.assign(edges.begin(), edges.end());
  graph.note = modules.empty() ? kNoModules : kNotKnown;
  return graph;
}

std::string GraphDot(const Graph& graph) {
  static const std::map<std::string, std::string> kShapes = {
      {"module", "box, style=\"rounded,filled\", fillcolor=lightgrey"},
      {"contract", "note"},
      {"service", "component"}};
  std::string text = StrCat("// ", graph.note,
                            "\ndigraph contracts {\n  rankdir=LR;\n"
                            "  node [fontname=\"sans-serif\"];\n");
  for (const GraphNode& node : graph.nodes) {
    StrAppend(&text, "  \"", node.id, "\" [shape=", kShapes.at(node.kind),
              ", label=\"", Joined(node.text, "\\n"), "\"];\n");
  }
  for (const GraphEdge& edge : graph.edges) {
    StrAppend(&text, "  \"", edge.from, "\" -> \"", edge.to,
              "\" [label=", edge.kind,
              edge.kind == "extends" ? ", arrowhead=empty" : "",
              edge.kind == "calls" ? ", style=dashed" : "", "];\n");
  }
  return text + "}\n";
}

std::string GraphMermaid(const Graph& graph) {
  std::string text = StrCat("%% ", graph.note, "\nflowchart LR\n");
  for (const GraphNode& node : graph.nodes) {
    const bool module = node.kind == "module";
    StrAppend(&text, "  ", Identifier(node.id), module ? "(\"" : "[\"",
              Joined(node.text, "<br>"), module ? "\")" : "\"]", "\n");
  }
  for (const GraphEdge& edge : graph.edges) {
    StrAppend(&text, "  ", Identifier(edge.from),
              edge.kind == "calls" ? " -.->|" : " -->|", edge.kind, "| ",
              Identifier(edge.to), "\n");
  }
  return text;
}

Document GraphDocument(const Graph& graph) {
  Document document;
  document["note"] = graph.note;
  document["nodes"] = Document::Array();
  for (const GraphNode& node : graph.nodes) {
    document["nodes"].Add(
        Document::Object({{"id", node.id}, {"kind", node.kind}}));
  }
  document["edges"] = Document::Array();
  for (const GraphEdge& edge : graph.edges) {
    document["edges"].Add(Document::Object(
        {{"from", edge.from}, {"to", edge.to}, {"kind", edge.kind}}));
  }
  return document;
}

}  // namespace millrace::contracts
