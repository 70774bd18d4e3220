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

}  // namespace

Promise<DeadLetterPage> ListDeadLetters(Transport& transport,
                                        std::vector<DeadLetterTopic> topics,
                                        DeadLetterQuery query) {
  std::optional<Place> after;
  if (!query.page_token.empty()) {
    after = ValueOrThrow(ReadToken(query.page_token));
  }
  const std::vector<std::string> names = TopicsToRead(topics, query);
  DeadLetterPage page;
  if (names.empty()) co_return page;
  // Markers may come anywhere after their letters: first all of them.
  const Ids replayed = co_await ReplayedIds(transport, names);
  const auto wanted = static_cast<size_t>(std::max(query.page_size, 1));
  Ids seen;
  std::map<Place, DeadLetter> found;  // the first ones, one more than wanted
  Stream<Record> stream = transport.Tail(names, TailFrom::kBeginning, false);
  while (std::optional<Record> record = co_await stream.Next()) {
    absl::StatusOr<std::optional<DeadLetter>> decoded =
        DecodeDeadLetter(*std::move(record));
    // Markers, and what somebody else has put there.
    if (!decoded.ok() || !decoded->has_value()) continue;
    DeadLetter& letter = **decoded;
    letter.replayed = replayed.contains(letter.id);
    if (!Matches(letter, query) ||
        (letter.replayed && !query.include_replayed) ||
        !seen.insert(letter.id).second) {
      continue;
    }
    Place place = PlaceOf(letter);
    if (after && place <= *after) continue;
    found.emplace(std::move(place), std::move(letter));
    if (found.size() > wanted + 1) found.erase(std::prev(found.end()));
  }
  for (auto& [place, letter] : found) {
    if (page.letters.size() == wanted) {
      page.next_page_token = TokenOf(PlaceOf(page.letters.back()));
      break;
    }
    page.letters.push_back(std::move(letter));
  }
  co_return page;
}

Promise<std::vector<DeadLetter>> ReplayDeadLetters(
    Transport& transport, std::vector<DeadLetterTopic> topics,
    DeadLetterQuery query, bool dry_run, BeforeReplay before) {
  query.include_replayed = false;
  query.page_size = kMaxReplay;
  query.page_token.clear();
  DeadLetterPage page = co_await ListDeadLetters(transport, topics, query);
  std::vector<DeadLetter> letters = std::move(page.letters);
  std::erase_if(letters,
                [](const DeadLetter& letter) { return letter.truncated; });
  std::sort(letters.begin(), letters.end(),
            [](const DeadLetter& a, const DeadLetter& b) {
              return std::tie(a.source.topic, a.source.partition,
                              a.source.offset, a.group) <
                     std::tie(b.source.topic, b.source.partition,
                              b.source.offset, b.group);
            });
  if (dry_run || letters.empty()) co_return letters;
  if (before) co_await before(letters);
  for (size_t from = 0; from < letters.size(); from += kReplayBatch) {
    const size_t to = std::min(from + kReplayBatch, letters.size());
    std::vector<Record> replays, markers;
    for (size_t i = from; i < to; ++i) {
      const DeadLetter& letter = letters[i];
      const auto topic = std::find_if(topics.begin(), topics.end(),
                                      [&](const DeadLetterTopic& t) {
                                        return t.topic == letter.source.topic;
                                      });
      if (topic == topics.end()) continue;
      replays.push_back(EncodeReplay(letter));
      markers.push_back(EncodeReplayMarker(letter, topic->dead_letter_topic));
    }
    co_await transport.Publish(std::move(replays));
    co_await transport.Publish(std::move(markers));
    for (size_t i = from; i < to; ++i) letters[i].replayed = true;
  }
  co_return letters;
}

}  // namespace millrace::bus
