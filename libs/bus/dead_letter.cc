#include "bus/dead_letter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/rfc3339.h"
#include "base/strings.h"

namespace millrace::bus {
namespace {

constexpr char kPrefix[] = "millrace-dead-";
constexpr char kId[] = "millrace-dead-id";
constexpr char kGroup[] = "millrace-dead-group";
constexpr char kTopic[] = "millrace-dead-topic";
constexpr char kPartition[] = "millrace-dead-partition";
constexpr char kOffset[] = "millrace-dead-offset";
constexpr char kCode[] = "millrace-dead-code";
constexpr char kReason[] = "millrace-dead-reason";
constexpr char kAttempts[] = "millrace-dead-attempts";
constexpr char kError[] = "millrace-dead-error";
constexpr char kTime[] = "millrace-dead-time";
constexpr char kTruncated[] = "millrace-dead-truncated";
constexpr char kReplayed[] = "millrace-dead-replayed";
constexpr char kReplayGroup[] = "millrace-replay-group";

// Brokers bound the size of a record; a reason is not what should break it.
constexpr size_t kMaxReason = 4096;
constexpr size_t kMaxErrorMessage = 512;
// Headers of the source that stay in a letter without them: of at most so many
// bytes each, and altogether.
constexpr size_t kShortHeader = 256;
constexpr size_t kShortHeaders = 4096;

std::string ErrorText(const AttemptError& error) {
  return StrCat(error.attempt, " ", FormatRfc3339(error.time), " ",
                static_cast<int>(error.failure.code()), " ",
                MessageOf(error.failure).substr(0, kMaxErrorMessage));
}

// Nothing for a text that is none.
std::optional<AttemptError> ReadError(std::string_view text) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(ToAbsl(text), absl::MaxSplits(' ', 3));
  AttemptError error;
  int code = 0;
  if (parts.size() != 4 || !absl::SimpleAtoi(parts[0], &error.attempt) ||
      !absl::SimpleAtoi(parts[2], &code) || code == 0) {
    return std::nullopt;
  }
  const absl::StatusOr<absl::Time> time =
      ParseRfc3339(std::string_view(parts[1].data(), parts[1].size()));
  if (!time.ok()) return std::nullopt;
  error.time = *time;
  error.failure = absl::Status(static_cast<absl::StatusCode>(code), parts[3]);
  return error;
}

// The letter's own headers, and short ones of the event.
Headers ShortOf(const Headers& headers) {
  Headers kept;
  size_t room = kShortHeaders;
  for (const auto& [name, value] : headers) {
    const size_t size = name.size() + value.size();
    if (name.starts_with("ce_") && size <= std::min(room, kShortHeader)) {
      room -= size;
    } else if (!name.starts_with(kPrefix)) {
      continue;
    }
    kept.Add(name, value);
  }
  return kept;
}

// Reads the headers of a letter and remembers the first that is not there or
// not of its form.
class Reader {
 public:
  explicit Reader(const Record& record) : record_(record) {}

  std::string Text(const char* name) {
    const auto value = record_.headers.Find(name);
    if (!value) {
      Fail(StrCat("it has no header ", name));
      return {};
    }
    return std::string(*value);
  }

  template <typename T>
  T Number(const char* name) {
    const std::string text = Text(name);
    T number = 0;
    if (status_.ok() && !absl::SimpleAtoi(text, &number)) {
      Fail(StrCat("header ", name, " is '", text, "', not a number"));
    }
    return number;
  }

  absl::Time Time(const char* name) {
    const std::string text = Text(name);
    if (!status_.ok()) return absl::Time();
    const absl::StatusOr<absl::Time> time = ParseRfc3339(text);
    if (!time.ok())
      Fail(StrCat("header ", name, " is ", MessageOf(time.status())));
    return time.value_or(absl::Time());
  }

  const absl::Status& status() const { return status_; }

 private:
  void Fail(std::string_view why) {
    if (!status_.ok()) return;
    status_ = absl::DataLossError(StrCat("record ", record_.topic, "/",
                                         record_.partition, "@", record_.offset,
                                         " is no dead letter: ", why));
  }

  const Record& record_;
  absl::Status status_;
};

}  // namespace

Record EncodeDeadLetter(const DeadLetter& letter, std::string dead_topic) {
  Record record;
  record.topic = std::move(dead_topic);
  record.key = letter.source.key;
  record.value = letter.source.value;
  record.has_value = letter.source.has_value;
  record.time = letter.dead_time;
  record.headers = letter.source.headers;
  record.headers.RemovePrefix(kPrefix);
  record.headers.RemovePrefix(kReplayGroup);
  const auto add = [&record](const char* name, std::string_view value) {
    record.headers.Add(name, value);
  };
  const Record& source = letter.source;
  add(kId, StrCat(letter.group, "/", source.topic, "/", source.partition, "/",
                  source.offset, "/", absl::ToUnixMillis(source.time)));
  add(kGroup, letter.group);
  add(kTopic, source.topic);
  add(kPartition, StrCat(source.partition));
  add(kOffset, StrCat(source.offset));
  add(kCode, StrCat(static_cast<int>(letter.failure.code())));
  add(kReason, MessageOf(letter.failure).substr(0, kMaxReason));
  add(kAttempts, StrCat(letter.attempts));
  const size_t count = std::min(letter.errors.size(), kMaxAttemptErrors);
  for (auto it = letter.errors.end() - count; it != letter.errors.end(); ++it) {
    add(kError, ErrorText(*it));
  }
  add(kTime, FormatRfc3339(letter.dead_time));
  return record;
}

bool Truncate(Record* letter) {
  const auto note = [letter](const char* part, size_t bytes) {
    letter->headers.Add(kTruncated, StrCat(part, " ", bytes));
    return true;
  };
  if (std::exchange(letter->has_value, false)) {
    return note("value", std::exchange(letter->value, {}).size());
  }
  Headers kept = ShortOf(letter->headers);
  if (kept.size() < letter->headers.size()) {
    const size_t taken = letter->headers.bytes() - kept.bytes();
    letter->headers = std::move(kept);
    return note("headers", taken);
  }
  if (!letter->key.empty()) {
    return note("key", std::exchange(letter->key, {}).size());
  }
  return false;
}

absl::StatusOr<std::optional<DeadLetter>> DecodeDeadLetter(Record record) {
  if (ReplayedId(record)) return std::nullopt;
  Reader reader(record);
  DeadLetter letter;
  letter.id = reader.Text(kId);
  letter.group = reader.Text(kGroup);
  letter.failure =
      absl::Status(static_cast<absl::StatusCode>(reader.Number<int>(kCode)),
                   reader.Text(kReason));
  letter.attempts = reader.Number<int>(kAttempts);
  letter.dead_time = reader.Time(kTime);
  for (const auto& [name, value] : record.headers) {
    if (name != kError) continue;
    if (auto error = ReadError(value)) letter.errors.push_back(*error);
  }
  letter.truncated = record.headers.Find(kTruncated).has_value();
  letter.source.topic = reader.Text(kTopic);
  letter.source.partition = reader.Number<int>(kPartition);
  letter.source.offset = reader.Number<int64_t>(kOffset);
  if (!reader.status().ok()) return reader.status();
  letter.source.key = std::move(record.key);
  letter.source.value = std::move(record.value);
  letter.source.has_value = record.has_value;
  letter.source.time = record.time;
  letter.source.headers = std::move(record.headers);
  letter.source.headers.RemovePrefix(kPrefix);
  return letter;
}

Record EncodeReplay(const DeadLetter& letter) {
  Record record = letter.source;
  record.partition = -1;
  record.offset = -1;
  record.time = absl::UnixEpoch();
  record.headers.RemovePrefix(kReplayGroup);
  record.headers.Add(kReplayGroup, letter.group);
  return record;
}

Record EncodeReplayMarker(const DeadLetter& letter, std::string dead_topic) {
  Record record;
  record.topic = std::move(dead_topic);
  record.key = letter.source.key;
  record.has_value = false;
  record.headers.Add(kReplayed, letter.id);
  return record;
}

std::optional<std::string_view> ReplayedId(const Record& record) {
  return record.headers.Find(kReplayed);
}

bool IsReplay(const Record& record) {
  return record.headers.Find(kReplayGroup).has_value();
}

bool IsForAnotherGroup(const Record& record, std::string_view group) {
  const auto wanted = record.headers.Find(kReplayGroup);
  return wanted && *wanted != group;
}

}  // namespace millrace::bus
