#include "tests/conformance/bus/sim/ledger.h"

#include <algorithm>

#include "base/strings.h"
#include "bus/dead_letter.h"

namespace millrace::bus::sim {

int Ledger::NextNumber(const std::string& key) const {
  const auto it = committed_.find(key);
  return it == committed_.end() ? 0 : static_cast<int>(it->second.size());
}

void Ledger::Committed(const Text& text) {
  std::vector<Kind>& kinds = committed_[text.key];
  if (static_cast<int>(kinds.size()) != text.number) {
    Fail(StrCat("the simulation numbers ", text.ToString(), " wrongly"));
  }
  kinds.push_back(text.kind);
  ++committed_count_;
}

void Ledger::Fail(std::string what) {
  if (failures_.size() < 20) failures_.push_back(std::move(what));
}

int64_t Ledger::refused() const {
  int64_t count = 0;
  for (const auto& [key, kinds] : committed_) {
    for (const Kind kind : kinds) count += kind == Kind::kTooLarge ? 1 : 0;
  }
  return count;
}

void Ledger::Applied(const std::string& group, const Text& text) {
  ++applied_count_;
  const std::string name = text.ToString();
  const auto key = committed_.find(text.key);
  if (key == committed_.end() || text.number < 0 ||
      text.number >= static_cast<int>(key->second.size()) ||
      key->second[static_cast<size_t>(text.number)] != text.kind) {
    return Fail(StrCat(group, " applied ", name, ", which never committed"));
  }
  if (Dies(text.kind) || text.kind == Kind::kTooLarge) {
    Fail(StrCat(group, " applied ", name, ", which its handler gives up"));
  }
  if (!applied_.emplace(group, name).second) {
    return Fail(StrCat(group, " applied ", name, " twice"));
  }
  const auto [last, is_new] = last_.try_emplace({group, text.key}, -1);
  if (text.number < last->second) {
    Fail(StrCat(group, " applied ", name, " after number ", last->second));
  }
  for (int number = last->second + 1; number < text.number; ++number) {
    const Text between{text.key, number,
                       key->second[static_cast<size_t>(number)]};
    if (MayBeSkipped(group, between)) continue;
    Fail(StrCat(group, " applied ", name, " before ", between.ToString()));
  }
  last->second = std::max(last->second, text.number);
}

bool Ledger::MayBeSkipped(const std::string& group, const Text& text) const {
  return text.kind == Kind::kTooLarge ||
         (Dies(text.kind) && buried_.contains({group, text.ToString()}));
}

void Ledger::Appended(const Record& record) {
  if (record.topic != dead_letter_topic_) return;
  const auto letter = DecodeDeadLetter(record);
  if (!letter.ok() || !letter->has_value()) {
    return Fail(StrCat("no dead letter: ", letter.status().ToString()));
  }
  const DeadLetter& dead = **letter;
  const Record& source = log_.At({dead.source.topic, dead.source.partition})
                             .at(static_cast<size_t>(dead.source.offset));
  letters_.emplace(dead.group, source.partition, source.offset);
  Text text;
  if (!ParseText(source.value, &text)) return;  // garbage has to die
  if (!Dies(text.kind)) {
    Fail(StrCat(dead.group, " gave ", text.ToString(),
                " up: ", dead.failure.ToString()));
  }
  buried_.emplace(dead.group, text.ToString());
}

bool Ledger::IsDone(const std::string& group, const Record& record) const {
  if (letters_.contains({group, record.partition, record.offset})) return true;
  Text text;
  return ParseText(record.value, &text) &&
         applied_.contains({group, text.ToString()});
}

bool Ledger::CheckDone(const std::string& group, const TopicPartition& id,
                       int64_t offset, const std::string& what) {
  const SimLog::Partition& records = log_.At(id);
  if (offset >= static_cast<int64_t>(records.size())) {
    Fail(StrCat(group, " committed ", what, ", which is past the end"));
    return false;
  }
  const Record& record = records[static_cast<size_t>(offset)];
  if (IsDone(group, record)) return true;
  Text text;
  const bool event = ParseText(record.value, &text);
  Fail(StrCat(group, " committed ", what, " while @", offset, " (",
              event ? text.ToString() : "garbage", ") is not done"));
  return false;
}

void Ledger::ProgressCommitted(const std::string& group,
                               const TopicPartition& id,
                               const Progress& progress) {
  const std::string what = StrCat(NameOf(id), "@", progress.next_offset, " ",
                                  FinishedToText(progress));
  int64_t& checked = checked_[{group, id}];
  for (; checked < progress.next_offset; ++checked) {
    if (!CheckDone(group, id, checked, what)) return;
  }
  for (const OffsetRange& range : progress.finished) {
    for (int64_t offset = range.begin; offset < range.end; ++offset) {
      if (!CheckDone(group, id, offset, what)) return;
    }
  }
}

void Ledger::Finish(const std::vector<std::string>& groups) {
  for (const auto& [key, kinds] : committed_) {
    for (size_t i = 0; i < kinds.size(); ++i) {
      const Text text{key, static_cast<int>(i), kinds[i]};
      const std::string name = text.ToString();
      if (text.kind == Kind::kTooLarge) continue;
      for (const std::string& group : groups) {
        const bool done = Dies(text.kind) ? buried_.contains({group, name})
                                          : applied_.contains({group, name});
        if (!done) Fail(StrCat(group, " has lost ", name));
      }
    }
  }
}

}  // namespace millrace::bus::sim
