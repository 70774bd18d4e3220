#include "bus/dead_letters.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "base/status.h"
#include "base/strings.h"
#include "contract/page_token.h"
#include "loop/combinators.h"

namespace millrace::bus {
namespace {

// Letters are published again, and marked, in pieces of this size.
constexpr size_t kReplayBatch = 100;

using Ids = absl::flat_hash_set<std::string>;
// When it died and its id: the order of the list.
using Place = std::pair<int64_t, std::string>;

bool Matches(const DeadLetter& letter, const DeadLetterQuery& query) {
  return (query.group.empty() || query.group == letter.group) &&
         (query.topic.empty() || query.topic == letter.source.topic) &&
         (!query.key || *query.key == letter.source.key) &&
         (query.id.empty() || query.id == letter.id);
}

std::vector<std::string> TopicsToRead(
    const std::vector<DeadLetterTopic>& topics, const DeadLetterQuery& query) {
  std::vector<std::string> names;
  for (const DeadLetterTopic& topic : topics) {
    if (!query.topic.empty() && query.topic != topic.topic) continue;
    if (std::find(names.begin(), names.end(), topic.dead_letter_topic) ==
        names.end()) {
      names.push_back(topic.dead_letter_topic);
    }
  }
  return names;
}

const DeadLetterTopic* FindTopic(const std::vector<DeadLetterTopic>& topics,
                                 const std::string& name) {
  const auto it = std::find_if(
      topics.begin(), topics.end(),
      [&](const DeadLetterTopic& topic) { return topic.topic == name; });
  return it == topics.end() ? nullptr : &*it;
}

Promise<Ids> ReplayedIds(Transport& transport,
                         std::vector<std::string> topics) {
  Ids ids;
  Stream<Record> stream =
      transport.Tail(std::move(topics), TailFrom::kBeginning, false);
  while (std::optional<Record> record = co_await stream.Next()) {
    if (const auto id = ReplayedId(*record)) ids.emplace(*id);
  }
  co_return ids;
}

Place PlaceOf(const DeadLetter& letter) {
  return {absl::ToUnixNanos(letter.dead_time), letter.id};
}

std::string TokenOf(const Place& place) {
  return WritePageToken(StrCat(place.first, " ", place.second));
}

absl::StatusOr<Place> ReadToken(const std::string& token) {
  absl::StatusOr<std::string> text = ReadPageToken(token);
  if (!text.ok()) return text.status();
  const size_t space = text->find(' ');
  Place place;
  if (space == std::string::npos ||
      !absl::SimpleAtoi(text->substr(0, space), &place.first)) {
    return absl::InvalidArgumentError(
        "page_token: is not one that a page came with");
  }
  place.second = text->substr(space + 1);
  return place;
}

struct PageBound {
  size_t letters = 0;
  size_t bytes = 0;
  size_t head_bytes = 0;  // of what is no value
};

// The first of the letters that are added, as many as a page may have, but one
// at least.
class FirstLetters {
 public:
  explicit FirstLetters(const PageBound& bound) : bound_(bound) {}

  void Add(DeadLetter letter, size_t head_bytes) {
    Place place = PlaceOf(letter);
    if (left_out_ && place > *left_out_) return;
    Sized& added = letters_[std::move(place)];
    added = {std::move(letter), head_bytes};
    head_bytes_ += head_bytes;
    value_bytes_ += added.letter.source.value.size();
    while (letters_.size() > 1 && TooLarge()) LeaveOutLast();
  }

  bool more() const { return left_out_.has_value(); }
  std::vector<DeadLetter> Take() {
    std::vector<DeadLetter> taken;
    for (auto& [place, sized] : letters_) {
      taken.push_back(std::move(sized.letter));
    }
    letters_.clear();
    return taken;
  }

 private:
  struct Sized {
    DeadLetter letter;
    size_t head_bytes = 0;
  };

  bool TooLarge() const {
    return letters_.size() > bound_.letters ||
           head_bytes_ + value_bytes_ > bound_.bytes ||
           head_bytes_ > bound_.head_bytes;
  }
  void LeaveOutLast() {
    const auto last = std::prev(letters_.end());
    head_bytes_ -= last->second.head_bytes;
    value_bytes_ -= last->second.letter.source.value.size();
    left_out_ = last->first;
    letters_.erase(last);
  }

  const PageBound bound_;
  std::map<Place, Sized> letters_;
  size_t head_bytes_ = 0;
  size_t value_bytes_ = 0;
  std::optional<Place> left_out_;  // the first of those that are
};

// Those that match, after `query.page_token`. `to_replay`: and that can be
// replayed.
Promise<FirstLetters> Find(Transport& transport,
                           std::vector<DeadLetterTopic> topics,
                           DeadLetterQuery query, PageBound bound,
                           bool to_replay) {
  std::optional<Place> after;
  if (!query.page_token.empty()) {
    after = ValueOrThrow(ReadToken(query.page_token));
  }
  FirstLetters first(bound);
  const std::vector<std::string> names = TopicsToRead(topics, query);
  if (names.empty()) co_return first;
  // Markers may come anywhere after their letters: first all of them.
  const Ids replayed = co_await ReplayedIds(transport, names);
  Ids seen;
  Stream<Record> stream = transport.Tail(names, TailFrom::kBeginning, false);
  while (std::optional<Record> record = co_await stream.Next()) {
    const size_t head_bytes = record->bytes() - record->value.size();
    absl::StatusOr<std::optional<DeadLetter>> decoded =
        DecodeDeadLetter(*std::move(record));
    // Markers, and what somebody else has put there.
    if (!decoded.ok() || !decoded->has_value()) continue;
    DeadLetter& letter = **decoded;
    letter.replayed = replayed.contains(letter.id);
    if (!Matches(letter, query) ||
        (letter.replayed && !query.include_replayed) ||
        (to_replay && (letter.truncated ||
                       FindTopic(topics, letter.source.topic) == nullptr)) ||
        !seen.insert(letter.id).second ||
        (after && PlaceOf(letter) <= *after)) {
      continue;
    }
    first.Add(std::move(letter), head_bytes);
  }
  co_return first;
}

}  // namespace

Promise<DeadLetterPage> ListDeadLetters(Transport& transport,
                                        std::vector<DeadLetterTopic> topics,
                                        DeadLetterQuery query) {
  PageBound bound;
  bound.letters = static_cast<size_t>(std::max(query.page_size, 1));
  bound.bytes = bound.head_bytes = query.max_page_bytes;
  FirstLetters first = co_await Find(transport, std::move(topics),
                                     std::move(query), bound, false);
  DeadLetterPage page;
  page.letters = first.Take();
  if (first.more()) {
    page.next_page_token = TokenOf(PlaceOf(page.letters.back()));
  }
  co_return page;
}

Promise<ReplayedLetters> ReplayDeadLetters(Transport& transport,
                                           std::vector<DeadLetterTopic> topics,
                                           DeadLetterQuery query, bool dry_run,
                                           BeforeReplay before) {
  query.include_replayed = false;
  query.page_token.clear();
  PageBound bound;
  bound.letters = kMaxReplay;
  bound.bytes = kMaxReplayBytes;
  bound.head_bytes = kMaxReplayHeadBytes;
  FirstLetters first = co_await Find(transport, topics, query, bound, true);
  ReplayedLetters replayed;
  replayed.letters = first.Take();
  replayed.more = first.more();
  std::vector<DeadLetter>& letters = replayed.letters;
  std::sort(letters.begin(), letters.end(),
            [](const DeadLetter& a, const DeadLetter& b) {
              return std::tie(a.source.topic, a.source.partition,
                              a.source.offset, a.group) <
                     std::tie(b.source.topic, b.source.partition,
                              b.source.offset, b.group);
            });
  if (dry_run || letters.empty()) co_return replayed;
  if (before) co_await before(letters);
  for (size_t from = 0; from < letters.size(); from += kReplayBatch) {
    const size_t to = std::min(from + kReplayBatch, letters.size());
    std::vector<Record> replays, markers;
    for (size_t i = from; i < to; ++i) {
      const DeadLetterTopic* topic = FindTopic(topics, letters[i].source.topic);
      replays.push_back(EncodeReplay(letters[i]));
      markers.push_back(
          EncodeReplayMarker(letters[i], topic->dead_letter_topic));
    }
    co_await transport.Publish(std::move(replays));
    co_await transport.Publish(std::move(markers));
    for (size_t i = from; i < to; ++i) letters[i].replayed = true;
  }
  co_return replayed;
}

}  // namespace millrace::bus
