// The dead letters of all groups: looked through, and replayed.
//
// They are read from the dead letter topics without a group, from the oldest
// that is kept: a call costs a pass over those topics. Loop thread only; the
// transport outlives the promises.
#ifndef MILLRACE_BUS_DEAD_LETTERS_H_
#define MILLRACE_BUS_DEAD_LETTERS_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bus/dead_letter.h"
#include "bus/transport.h"
#include "loop/promise.h"

namespace millrace::bus {

// Where the letters of a topic are.
struct DeadLetterTopic {
  std::string topic;
  std::string dead_letter_topic;
};

// Empty fields match everything.
struct DeadLetterQuery {
  // No aggregate: GCC 12 destroys one that is made within a co_await twice.
  DeadLetterQuery() {}

  std::string group;
  std::string topic;  // of the events
  std::optional<std::string> key;
  std::string id;
  bool include_replayed = false;
  int page_size = 100;
  // Of keys, headers and values; but a page has at least one letter.
  size_t max_page_bytes = 32 << 20;
  std::string page_token;  // of the page before
};

struct DeadLetterPage {
  std::vector<DeadLetter> letters;
  std::string next_page_token;  // empty on the last page
};

// Oldest first. A letter that a crash made to be written twice counts once.
// INVALID_ARGUMENT for a token that is none.
Promise<DeadLetterPage> ListDeadLetters(Transport& transport,
                                        std::vector<DeadLetterTopic> topics,
                                        DeadLetterQuery query);

// The most that one call replays: letters, their bytes, and what they have of
// these without their values, which is what can be told of all of them at once.
inline constexpr int kMaxReplay = 10'000;
inline constexpr size_t kMaxReplayBytes = 32 << 20;
inline constexpr size_t kMaxReplayHeadBytes = 2 << 20;

struct ReplayedLetters {
  std::vector<DeadLetter> letters;
  bool more = false;  // than one call replays: call again
};

// Is told of the letters that are about to be replayed, at least one, which
// outlive the promise; when it rejects, none is.
using BeforeReplay =
    std::function<Promise<void>(const std::vector<DeadLetter>& letters)>;

// Publishes the letters that match and were not replayed yet to their topics
// again, for their group alone, with their ids and in the order they had
// there; returns them. Pages are ignored. Letters that lost their value are
// left out, and those of events whose topic is none of `topics`. A crash in
// between makes that some are replayed twice, which an inbox sees. With
// `dry_run` nothing is published, and `before`, which may be empty, not called.
Promise<ReplayedLetters> ReplayDeadLetters(Transport& transport,
                                           std::vector<DeadLetterTopic> topics,
                                           DeadLetterQuery query, bool dry_run,
                                           BeforeReplay before = {});

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_DEAD_LETTERS_H_
