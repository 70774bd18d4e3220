#include "services/users/search.h"

#include <utility>

#include "base/strings.h"
#include "contract/page_token.h"
#include "services/users/store.h"

namespace millrace::users {
namespace {

constexpr size_t kIdSize = 36;  // a UUID

}  // namespace

// The key inside is "e" and the address, or "n", the id and the name key.
absl::StatusOr<SearchToken> SearchToken::Parse(std::string_view page_token) {
  const absl::StatusOr<std::string> key = ReadPageToken(page_token);
  if (!key.ok()) return key.status();
  if (key->empty()) return SearchToken();
  if (key->front() == 'e') return SearchToken{.key = key->substr(1)};
  if (key->front() == 'n' && key->size() > kIdSize) {
    return SearchToken{.by_name = true,
                       .key = key->substr(1 + kIdSize),
                       .id = key->substr(1, kIdSize)};
  }
  return absl::InvalidArgumentError(
      "page_token: is not a token of SearchUsers; take next_page_token of the "
      "page before");
}

std::string SearchToken::ToString() const {
  return WritePageToken(by_name ? StrCat("n", id, key) : StrCat("e", key));
}

SearchToken SearchHit::token() const {
  if (!by_name) return {.key = person.email};
  return {
      .by_name = true, .key = NameKey(person.display_name), .id = person.id};
}

std::vector<SearchHit> Search(store::Tx& tx, std::string_view prefix,
                              const SearchToken& from, int64_t limit) {
  std::vector<SearchHit> hits;
  const auto left = [&] { return limit - static_cast<int64_t>(hits.size()); };
  if (!from.by_name) {
    for (Person& person : ListByEmail(tx, prefix, from.key, left())) {
      hits.push_back({std::move(person), /*by_name=*/false});
    }
  }
  if (left() > 0) {
    const SearchToken after = from.by_name ? from : SearchToken();
    for (Person& person : ListByName(tx, prefix, after.key, after.id, left())) {
      hits.push_back({std::move(person), /*by_name=*/true});
    }
  }
  return hits;
}

}  // namespace millrace::users
