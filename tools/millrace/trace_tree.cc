#include "tools/millrace/trace_tree.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/trace.h"
#include "contract/time.h"

namespace millrace::cli {
namespace {

std::string OutcomeName(v1::Span::Outcome outcome) {
  switch (outcome) {
    case v1::Span::OUTCOME_DONE:
      return "done";
    case v1::Span::OUTCOME_RETRY:
      return "retrying";
    case v1::Span::OUTCOME_DEAD_LETTER:
      return "dead letter";
    case v1::Span::OUTCOME_EXPIRED:
      return "expired";
    default:
      return "failed";
  }
}

// Collects the nodes, then hangs each below its parent.
class Builder {
 public:
  void Add(const v1::GetTraceResponse& answer) {
    for (const v1::Span& span : answer.spans()) {
      // Processes that are asked twice, or share a ring, say the same twice.
      if (!seen_.insert(span.span_id()).second) continue;
      AddSpan(span);
    }
    for (const v1::Envelope& event : answer.events()) AddEvent(event);
    for (const v1::DeadLetter& letter : answer.dead_letters()) {
      AddEvent(letter.event());
      AddLetter(letter);
    }
  }

  std::vector<TraceNode> Build() {
    for (Entry& entry : entries_) entry.parent = ParentOf(entry);
    std::vector<std::vector<size_t>> children(entries_.size());
    std::vector<size_t> roots;
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].parent && !IsAncestor(i, *entries_[i].parent)) {
        children[*entries_[i].parent].push_back(i);
      } else {
        entries_[i].parent.reset();
        roots.push_back(i);
      }
    }
    return Nodes(roots, children);
  }

 private:
  struct Entry {
    TraceNode node;
    std::string parent_span;
    std::string cause;  // of an event: the event whose handler emitted it
    std::optional<size_t> parent;
  };
  using Indices = std::vector<size_t>;

  // One of a kind that is not known yet is no node.
  void AddSpan(const v1::Span& span) {
    using Kind = TraceNode::Kind;
    switch (span.kind()) {
      case v1::Span::KIND_REQUEST:
        return AddWork(span, Kind::kRequest, span.name());
      case v1::Span::KIND_EMIT:
        return AddEmit(span);
      case v1::Span::KIND_HANDLE:
        return AddAttempt(span);
      case v1::Span::KIND_CALL:
        calls_[span.span_id()] = span.parent_id();
        return;
      case v1::Span::KIND_LOCAL_EMIT:
        return AddWork(span, Kind::kEmit, span.name());
      case v1::Span::KIND_LISTEN:
        return AddWork(span, Kind::kListener, span.group());
      default:
        return;
    }
  }

  // What is one span and no event of the bus.
  void AddWork(const v1::Span& span, TraceNode::Kind kind, std::string name) {
    Entry& entry = NewEntry(kind, std::move(name));
    SetTimes(span, &entry.node);
    entry.node.outcome = OutcomeName(span.outcome());
    entry.node.error = span.error();
    entry.node.source = span.source();
    entry.parent_span = span.parent_id();
    by_span_[span.span_id()] = entries_.size() - 1;
  }

  void AddEmit(const v1::Span& span) {
    const size_t index = EventEntry(span.event_id());
    Entry& entry = entries_[index];
    entry.node.name = span.name();
    entry.node.source = span.source();
    entry.node.key = span.key();
    SetTimes(span, &entry.node);
    entry.parent_span = span.parent_id();
    by_span_[span.span_id()] = index;
  }

  void AddAttempt(const v1::Span& span) {
    const size_t index = HandlerEntry(span.event_id(), span.group());
    Entry& entry = entries_[index];
    TraceNode& node = entry.node;
    by_span_[span.span_id()] = index;
    const absl::Time start = TimeFrom(span.start_time());
    const absl::Time end = start + DurationFrom(span.duration());
    const bool first = node.attempts == 0;
    const absl::Time last_end =
        first ? end : std::max(node.start + node.duration, end);
    node.start = first ? start : std::min(node.start, start);
    node.duration = last_end - node.start;
    if (span.attempt() >= node.attempts) {
      node.attempts = span.attempt();
      node.outcome = OutcomeName(span.outcome());
      node.error = span.error();
    }
    entry.parent_span = span.parent_id();
    handled_names_[span.event_id()] = span.name();
  }

  // What a topic has.
  void AddEvent(const v1::Envelope& event) {
    if (event.id().empty()) return;
    const size_t index = EventEntry(event.id());
    Entry& entry = entries_[index];
    entry.node.forgotten = false;
    if (const auto cause = event.extensions().find("causationid");
        cause != event.extensions().end()) {
      entry.cause = cause->second;
    }
    if (const auto trace = TraceContext::Parse(event.traceparent())) {
      by_span_.emplace(trace->span_id_hex(), index);
    }
    if (!entry.node.name.empty()) return;
    entry.node.name = event.type();
    entry.node.source = event.source();
    entry.node.key = event.key();
    entry.node.start = TimeFrom(event.time());
  }

  void AddLetter(const v1::DeadLetter& letter) {
    TraceNode& node =
        entries_[HandlerEntry(letter.event().id(), letter.group())].node;
    if (node.attempts > 0) return;
    node.attempts = letter.attempts();
    node.start = TimeFrom(letter.dead_time());
    node.outcome = letter.replayed() ? "dead letter, replayed" : "dead letter";
    node.error = letter.reason();
  }

  static void SetTimes(const v1::Span& span, TraceNode* node) {
    node->start = TimeFrom(span.start_time());
    node->duration = DurationFrom(span.duration());
  }

  Entry& NewEntry(TraceNode::Kind kind, std::string name) {
    Entry& entry = entries_.emplace_back();
    entry.node.kind = kind;
    entry.node.name = std::move(name);
    return entry;
  }

  size_t EventEntry(const std::string& id) {
    const auto [it, added] = events_.try_emplace(id, entries_.size());
    if (added) NewEntry(TraceNode::Kind::kEvent, "").node.event_id = id;
    return it->second;
  }

  // The event is there as well, so that its handlers hang together.
  size_t HandlerEntry(const std::string& event_id, const std::string& group) {
    const auto [it, added] =
        handlers_.try_emplace({event_id, group}, entries_.size());
    if (added) {
      NewEntry(TraceNode::Kind::kHandler, group).node.event_id = event_id;
      if (!events_.contains(event_id)) {
        entries_[EventEntry(event_id)].node.forgotten = true;
      }
    }
    return it->second;
  }

  std::optional<size_t> ParentOf(Entry& entry) {
    if (entry.node.kind == TraceNode::Kind::kHandler) {
      return events_.at(entry.node.event_id);
    }
    if (entry.node.forgotten) Recall(&entry.node);
    // A call is no node: what it led to hangs below who called.
    if (const auto call = calls_.find(entry.parent_span);
        call != calls_.end()) {
      entry.parent_span = call->second;
    }
    if (const auto span = by_span_.find(entry.parent_span);
        !entry.parent_span.empty() && span != by_span_.end()) {
      return span->second;
    }
    if (const auto cause = events_.find(entry.cause);
        !entry.cause.empty() && cause != events_.end()) {
      return cause->second;
    }
    return std::nullopt;
  }

  // An event of which only its handlers are known.
  void Recall(TraceNode* event) {
    event->name = handled_names_[event->event_id];
    event->start = absl::InfiniteFuture();
    for (const auto& [id, index] : handlers_) {
      if (id.first != event->event_id) continue;
      event->start = std::min(event->start, entries_[index].node.start);
    }
  }

  // Whether `index` is `other` or above it: ids may be anything, cycles too.
  bool IsAncestor(size_t index, size_t other) const {
    std::optional<size_t> at = other;
    for (size_t steps = 0; at && steps <= entries_.size(); ++steps) {
      if (*at == index) return true;
      at = entries_[*at].parent;
    }
    return at.has_value();
  }

  std::vector<TraceNode> Nodes(Indices indices,
                               const std::vector<Indices>& children) {
    std::stable_sort(indices.begin(), indices.end(),
                     [this](size_t a, size_t b) {
                       return entries_[a].node.start < entries_[b].node.start;
                     });
    std::vector<TraceNode> nodes;
    for (const size_t index : indices) {
      TraceNode& node = nodes.emplace_back(std::move(entries_[index].node));
      node.children = Nodes(children[index], children);
    }
    return nodes;
  }

  std::vector<Entry> entries_;
  std::set<std::string> seen_;
  std::map<std::string, size_t> by_span_;
  std::map<std::string, std::string> calls_;  // the parents of their spans
  std::map<std::string, size_t> events_;
  std::map<std::pair<std::string, std::string>, size_t> handlers_;
  std::map<std::string, std::string> handled_names_;  // by event id
};

}  // namespace

TraceTree MakeTraceTree(const std::vector<v1::GetTraceResponse>& answers) {
  TraceTree tree;
  Builder builder;
  for (const v1::GetTraceResponse& answer : answers) {
    tree.trace_id = answer.trace_id();
    tree.truncated |= answer.truncated();
    builder.Add(answer);
  }
  tree.roots = builder.Build();
  if (!tree.roots.empty()) tree.start = tree.roots.front().start;
  return tree;
}

}  // namespace millrace::cli
