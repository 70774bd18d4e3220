// How a trace is printed, as text and as JSON.

#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/strings.h"
#include "contract/json.h"
#include "tools/millrace/event_text.h"
#include "tools/millrace/trace_tree.h"

namespace millrace::cli {
namespace {

std::string Milliseconds(absl::Duration duration) {
  return absl::StrFormat("%.1f ms", absl::ToDoubleMilliseconds(duration));
}

void AddPart(std::string_view part, std::string* line) {
  if (!part.empty()) line->append("  ").append(part);
}

std::string Labelled(std::string_view label, std::string_view value) {
  return value.empty() ? std::string() : StrCat(label, " ", value);
}

std::string LineOf(const TraceNode& node) {
  std::string line;
  switch (node.kind) {
    case TraceNode::Kind::kRequest:
      line = StrCat("request ", node.name);
      AddPart(node.outcome, &line);
      AddPart(Milliseconds(node.duration), &line);
      AddPart(Labelled("over", node.source), &line);
      break;
    case TraceNode::Kind::kEvent:
      line = StrCat("event ", node.name.empty() ? "(unknown)" : node.name);
      AddPart(Labelled("key", node.key), &line);
      AddPart(Labelled("from", node.source), &line);
      AddPart(Labelled("id", node.event_id), &line);
      break;
    case TraceNode::Kind::kHandler:
      line = StrCat("handled by ", node.name, "  ", node.outcome);
      if (node.attempts > 1)
        line += StrCat(" after ", node.attempts, " attempts");
      AddPart(Milliseconds(node.duration), &line);
      break;
    case TraceNode::Kind::kEmit:
      line = StrCat("emit ", node.name);
      AddPart(Labelled("from", node.source), &line);
      AddPart(Milliseconds(node.duration), &line);
      break;
    case TraceNode::Kind::kListener:
      line = StrCat("heard by ", node.name, "  ", node.outcome);
      AddPart(Milliseconds(node.duration), &line);
      break;
  }
  AddPart(Labelled("error:", node.error), &line);
  return line;
}

void AppendText(const std::vector<TraceNode>& nodes, absl::Time start,
                const std::string& indent, bool top, std::string* text) {
  for (const TraceNode& node : nodes) {
    const bool last = &node == &nodes.back();
    const double offset = absl::ToDoubleMilliseconds(node.start - start);
    // Clocks of two machines differ: it may be negative.
    text->append(absl::StrFormat("%+9.1f ms  ", offset));
    if (!top) text->append(StrCat(indent, last ? "`- " : "|- "));
    text->append(Printable(LineOf(node))).append("\n");
    AppendText(node.children, start,
               top ? indent : StrCat(indent, last ? "   " : "|  "), false,
               text);
  }
}

// Of all nodes, the latest end.
absl::Time EndOf(const std::vector<TraceNode>& nodes, absl::Time end) {
  for (const TraceNode& node : nodes) {
    end = std::max(end, node.start + node.duration);
    end = EndOf(node.children, end);
  }
  return end;
}

google::protobuf::Value TextValue(std::string text) {
  google::protobuf::Value value;
  value.set_string_value(std::move(text));
  return value;
}

google::protobuf::Value NumberValue(double number) {
  google::protobuf::Value value;
  value.set_number_value(number);
  return value;
}

std::string_view KindName(TraceNode::Kind kind) {
  switch (kind) {
    case TraceNode::Kind::kRequest:
      return "request";
    case TraceNode::Kind::kEvent:
      return "event";
    case TraceNode::Kind::kHandler:
      return "handler";
    case TraceNode::Kind::kEmit:
      return "emit";
    case TraceNode::Kind::kListener:
      return "listener";
  }
  return "";
}

google::protobuf::Value ToValue(const std::vector<TraceNode>& nodes,
                                absl::Time start) {
  google::protobuf::Value list;
  list.mutable_list_value();
  for (const TraceNode& node : nodes) {
    auto& fields = *list.mutable_list_value()
                        ->add_values()
                        ->mutable_struct_value()
                        ->mutable_fields();
    fields["kind"] = TextValue(std::string(KindName(node.kind)));
    fields["name"] = TextValue(node.name);
    fields["offsetMs"] =
        NumberValue(absl::ToDoubleMilliseconds(node.start - start));
    if (node.kind != TraceNode::Kind::kEvent) {
      fields["durationMs"] =
          NumberValue(absl::ToDoubleMilliseconds(node.duration));
      fields["outcome"] = TextValue(node.outcome);
    }
    if (node.attempts > 0) fields["attempts"] = NumberValue(node.attempts);
    const auto text = [&](const char* name, const std::string& value) {
      if (!value.empty()) fields[name] = TextValue(value);
    };
    text("error", node.error);
    text("source", node.source);
    text("eventId", node.event_id);
    text("key", node.key);
    if (!node.children.empty()) {
      fields["children"] = ToValue(node.children, start);
    }
  }
  return list;
}

}  // namespace

std::string TraceText(const TraceTree& tree) {
  std::string text = StrCat("trace ", tree.trace_id);
  if (tree.roots.empty()) return StrCat(text, ": nothing is known of it\n");
  text += StrCat(
      "  began ",
      absl::FormatTime(absl::RFC3339_full, tree.start, absl::UTCTimeZone()),
      "  took ", Milliseconds(EndOf(tree.roots, tree.start) - tree.start),
      "\n");
  AppendText(tree.roots, tree.start, "", true, &text);
  if (tree.truncated) {
    text +=
        "not everything is shown: the topics have more than could be read\n";
  }
  return text;
}

std::string TraceJson(const TraceTree& tree) {
  google::protobuf::Struct document;
  auto& fields = *document.mutable_fields();
  fields["traceId"] = TextValue(tree.trace_id);
  fields["startTime"] = TextValue(
      absl::FormatTime(absl::RFC3339_full, tree.start, absl::UTCTimeZone()));
  fields["truncated"].set_bool_value(tree.truncated);
  fields["roots"] = ToValue(tree.roots, tree.start);
  return StrCat(ValueOrThrow(ToJson(document)), "\n");
}

}  // namespace millrace::cli
