// Dead letters: events that a consumer group gave up on, as records of a dead
// letter topic. Pure functions, any thread.
//
// A dead letter is the source record (key, value and headers as they were)
// with these headers added:
//
//   millrace-dead-id         <group>/<topic>/<partition>/<offset>/<time>: the
//                            same when a crash makes it be written twice, and
//                            another in a topic that was made anew. The time is
//                            the source record's, in ms. Older letters have
//                            none; nobody takes an id apart
//   millrace-dead-group      who gave up
//   millrace-dead-topic, -partition, -offset   where the source record is
//   millrace-dead-code       the absl::StatusCode of the last failure, a number
//   millrace-dead-reason     and what it said
//   millrace-dead-attempts   how often it was tried
//   millrace-dead-error      "<attempt> <time, RFC 3339> <code> <message>" of a
//                            failed attempt: the last five have one each
//   millrace-dead-time       when it was given up, RFC 3339
//   millrace-dead-truncated  "value <bytes>", "headers <bytes>", "key <bytes>":
//                            there for each of these that was left out because
//                            the letter would have been too large; the source
//                            record has it. Of the headers the short ce_ ones
//                            stay. The first to go is the value
//
// A letter is replayed by publishing the source record again, with its event's
// id, and the header
//
//   millrace-replay-group    the group it is for; others pass over it
//
// followed by a marker in the dead letter topic, a record without a value that
// has the letter's key and the header
//
//   millrace-dead-replayed   the id of the letter
#ifndef MILLRACE_BUS_DEAD_LETTER_H_
#define MILLRACE_BUS_DEAD_LETTER_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bus/transport.h"

namespace millrace::bus {

// How one attempt failed.
struct AttemptError {
  int attempt = 0;
  absl::Time time;
  absl::Status failure;
};

// How many of them a letter has, the last ones.
inline constexpr size_t kMaxAttemptErrors = 5;

struct DeadLetter {
  std::string id;
  std::string group;
  absl::Status failure;  // the last one
  int attempts = 0;
  std::vector<AttemptError> errors;  // oldest first; none in letters of before
  absl::Time dead_time;
  bool replayed = false;
  bool truncated = false;
  // The source record, with the topic, partition and offset it had there.
  Record source;
};

// What to publish for `letter`; its id is made here.
Record EncodeDeadLetter(const DeadLetter& letter, std::string dead_topic);

// Takes the next part out of an encoded letter that is too large: the value,
// then headers of the source, then the key. False when all of that is gone.
bool Truncate(Record* letter);

// Nothing for a marker. DATA_LOSS when the record is neither.
absl::StatusOr<std::optional<DeadLetter>> DecodeDeadLetter(Record record);

Record EncodeReplay(const DeadLetter& letter);
Record EncodeReplayMarker(const DeadLetter& letter, std::string dead_topic);

// The id of the letter that this marker stands for; nothing for other records.
std::optional<std::string_view> ReplayedId(const Record& record);

bool IsReplay(const Record& record);

// Whether the record is a replay that is meant for another group.
bool IsForAnotherGroup(const Record& record, std::string_view group);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_DEAD_LETTER_H_
