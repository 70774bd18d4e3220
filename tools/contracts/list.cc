#include "tools/contracts/list.h"

#include <algorithm>

#include "base/strings.h"

namespace millrace::contracts {
namespace {

namespace pb = google::protobuf;
using Row = std::vector<std::string>;

// Columns as wide as they need to be, two spaces apart.
std::string Table(const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line = "  ";
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      line.append(widths[i] - row[i].size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    StrAppend(&text, line, "\n");
  }
  return text;
}

std::string RetryLine(const RetryModel& retry) {
  return StrCat(retry.max_attempts, " attempts, ",
                DurationText(retry.initial_backoff_ms), " x",
                Document(retry.multiplier).text(), " up to ",
                DurationText(retry.max_backoff_ms));
}

std::string EmitterText(const Contracts& contracts,
                        const EmitterModel& emitter) {
  std::string text = StrCat("contract ", emitter.name, "\n");
  if (!emitter.topic.empty()) {
    StrAppend(&text, "  topic ", emitter.topic, ", ", emitter.partitions,
              " partitions, kept ", DurationText(emitter.retention_ms),
              "; retry ", RetryLine(emitter.retry), "; dead letters to ",
              emitter.dead_letter_topic, "\n");
  }
  for (const std::string& base : emitter.extends) {
    StrAppend(&text, "  extends ", base, "\n");
  }
  std::vector<Row> rows;
  for (const EventModel& event : emitter.events) {
    rows.push_back(
        {event.name, event.payload()->full_name(), StrCat("key ", event.key)});
  }
  for (const EventModel* event : Inherited(contracts, emitter)) {
    rows.push_back({event->type, event->payload()->full_name(),
                    StrCat("key ", event->key)});
  }
  return text + Table(rows);
}

std::string ServiceText(const pb::ServiceDescriptor* service) {
  std::vector<Row> rows;
  for (int i = 0; i < service->method_count(); ++i) {
    const pb::MethodDescriptor* method = service->method(i);
    rows.push_back({method->name(), KindOf(method),
                    CanBeGet(method) ? "POST, GET" : "POST", AccessText(method),
                    StrCat(method->input_type()->full_name(), " -> ",
                           method->output_type()->full_name())});
  }
  return StrCat("service ", service->full_name(), "\n", Table(rows));
}

Document EmitterDocument(const Contracts& contracts,
                         const EmitterModel& emitter) {
  Document one;
  one["name"] = emitter.name;
  one["owner"] = emitter.owner;
  one["file"] = emitter.service->file()->name();
  if (!emitter.topic.empty()) {
    one["topic"] = emitter.topic;
    one["partitions"] = emitter.partitions;
    one["retention"] = DurationText(emitter.retention_ms);
    Document& retry = one["retry"];
    retry["maxAttempts"] = emitter.retry.max_attempts;
    retry["initialBackoff"] = DurationText(emitter.retry.initial_backoff_ms);
    retry["maxBackoff"] = DurationText(emitter.retry.max_backoff_ms);
    retry["multiplier"] = emitter.retry.multiplier;
    one["deadLetterTopic"] = emitter.dead_letter_topic;
  }
  one["extends"] = Document::Array();
  for (const std::string& base : emitter.extends) one["extends"].Add(base);
  one["events"] = Document::Array();
  for (const EventModel& event : emitter.events) {
    Document row;
    row["name"] = event.name;
    row["type"] = event.type;
    row["payload"] = event.payload()->full_name();
    row["key"] = event.key;
    row["file"] = event.method->file()->name();
    one["events"].Add(row);
  }
  one["inherited"] = Document::Array();
  for (const EventModel* event : Inherited(contracts, emitter)) {
    one["inherited"].Add(event->type);
  }
  return one;
}

Document ServiceDocument(const pb::ServiceDescriptor* service) {
  Document one;
  one["name"] = service->full_name();
  one["file"] = service->file()->name();
  one["methods"] = Document::Array();
  for (int i = 0; i < service->method_count(); ++i) {
    const pb::MethodDescriptor* method = service->method(i);
    Document row;
    row["name"] = method->name();
    row["kind"] = KindOf(method);
    row["get"] = CanBeGet(method);
    row["access"] = AccessText(method);
    row["request"] = method->input_type()->full_name();
    row["response"] = method->output_type()->full_name();
    one["methods"].Add(row);
  }
  return one;
}

}  // namespace

std::string ListText(const Contracts& contracts) {
  std::string text;
  const auto add = [&](const std::string& part) {
    StrAppend(&text, text.empty() ? "" : "\n", part);
  };
  for (const EmitterModel& emitter : contracts.emitters) {
    add(EmitterText(contracts, emitter));
  }
  for (const pb::ServiceDescriptor* service : contracts.services) {
    add(ServiceText(service));
  }
  return text;
}

Document ListDocument(const Contracts& contracts) {
  Document document;
  document["contracts"] = Document::Array();
  for (const EmitterModel& emitter : contracts.emitters) {
    document["contracts"].Add(EmitterDocument(contracts, emitter));
  }
  document["services"] = Document::Array();
  for (const pb::ServiceDescriptor* service : contracts.services) {
    document["services"].Add(ServiceDocument(service));
  }
  return document;
}

}  // namespace millrace::contracts
