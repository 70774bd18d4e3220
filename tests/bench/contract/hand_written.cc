#include "hand_written.h"

#include <re2/re2.h>

#include <set>

#include "base/ids.h"
#include "contract/rules.h"

namespace millrace::bench {
namespace {

using rules::Characters;

void CheckAddress(const golden::Address& address, const std::string& prefix,
                  Problems* problems) {
  static const re2::RE2 zip("[0-9]{4,5}");
  if (address.street().empty()) {
    problems->push_back({prefix + "street", "must be set"});
  }
  if (!address.zip().empty() && !re2::RE2::FullMatch(address.zip(), zip)) {
    problems->push_back({prefix + "zip", "must match [0-9]{4,5}"});
  }
}

}  // namespace

void CheckByHand(const golden::Person& p, const std::string& prefix,
                 Problems* problems) {
  static const re2::RE2 phone("\\+[0-9]+");
  const auto bad = [&](const char* field, std::string what) {
    problems->push_back({prefix + field, std::move(what)});
  };
  if (p.id().empty()) {
    bad("id", "must be set");
  } else if (!IsUuid(p.id())) {
    bad("id", "must be a UUID");
  }
  if (!p.email().empty()) {
    if (p.email().size() > 40 && Characters(p.email()) > 40) {
      bad("email", "is too long");
    }
    if (!rules::IsEmail(p.email())) bad("email", "must be an e-mail address");
  }
  if (p.has_nickname() && Characters(p.nickname()) < 2) {
    bad("nickname", "is too short");
  }
  if (!p.picture().empty() &&
      (p.picture().size() < 4 || p.picture().size() > 8)) {
    bad("picture", "must have 4 to 8 bytes");
  }
  if (p.age() < 0 || p.age() > 150) bad("age", "must be in 0 to 150");
  if (p.ratio() != 0 && !(p.ratio() >= 0.5 && p.ratio() <= 1)) {
    bad("ratio", "must be in 0.5 to 1");
  }
  if (p.shoe() != 0 && p.shoe() != 38 && p.shoe() != 39 && p.shoe() != -1) {
    bad("shoe", "must be one of 38, 39, -1");
  }
  if (!p.size().empty() && p.size() != "small" && p.size() != "large") {
    bad("size", "must be one of small, large");
  }
  if (p.colour() != golden::COLOUR_RED && p.colour() != golden::COLOUR_GREEN) {
    bad("colour", "must be one of COLOUR_RED or COLOUR_GREEN");
  }
  if (p.rank() != 0 && p.rank() != golden::Person::RANK_FIRST) {
    bad("rank", "must be RANK_FIRST");
  }
  if (!p.accepted()) bad("accepted", "must be set");
  if (!p.has_home()) {
    bad("home", "must be set");
  } else {
    CheckAddress(p.home(), prefix + "home.", problems);
  }
  if (p.has_work()) CheckAddress(p.work(), prefix + "work.", problems);
  if (p.others_size() > 2) bad("others", "has more than 2");
  for (int i = 0; i < p.others_size(); ++i) {
    CheckAddress(p.others(i), prefix + "others[" + std::to_string(i) + "].",
                 problems);
  }
  if (p.tags().empty()) bad("tags", "must be set");
  if (p.tags_size() > 3) bad("tags", "has more than 3");
  std::set<std::string_view> tags;
  for (const std::string& tag : p.tags()) {
    if (!tags.insert(tag).second) bad("tags", "repeats " + tag);
    if (tag.empty() || Characters(tag) > 5) bad("tags", "has 1 to 5 letters");
  }
  if (p.numbers().empty()) bad("numbers", "must have at least 1");
  std::set<int32_t> numbers;
  for (const int32_t number : p.numbers()) {
    if (!numbers.insert(number).second) bad("numbers", "repeats");
    if (number > 9) bad("numbers", "must be at most 9");
  }
  for (const auto& [key, place] : p.places()) {
    CheckAddress(place, prefix + "places[" + key + "].", problems);
  }
  if (p.names_size() > 2) bad("names", "has more than 2");
  for (const auto& [key, name] : p.names()) {
    if (!rules::IsEmail(name)) bad("names", "must be e-mail addresses");
  }
  if (p.has_phone() && !re2::RE2::FullMatch(p.phone(), phone)) {
    bad("phone", "must match \\+[0-9]+");
  }
  if (p.has_post()) CheckAddress(p.post(), prefix + "post.", problems);
  if (p.has_friend_()) CheckByHand(p.friend_(), prefix + "friend.", problems);
}

void CheckByHand(const users::v1::CreateUserRequest& request,
                 Problems* problems) {
  static const re2::RE2 locale("[a-z]{2,3}(-[A-Za-z0-9]{2,8})*");
  if (request.email().empty()) {
    problems->push_back({"email", "must be set"});
  } else {
    if (request.email().size() > 254 && Characters(request.email()) > 254) {
      problems->push_back({"email", "is too long"});
    }
    if (!rules::IsEmail(request.email())) {
      problems->push_back({"email", "must be an e-mail address"});
    }
  }
  if (request.display_name().empty()) {
    problems->push_back({"display_name", "must be set"});
  } else if (request.display_name().size() > 100 &&
             Characters(request.display_name()) > 100) {
    problems->push_back({"display_name", "is too long"});
  }
  if (!request.locale().empty()) {
    if (request.locale().size() > 35 && Characters(request.locale()) > 35) {
      problems->push_back({"locale", "is too long"});
    }
    if (!re2::RE2::FullMatch(request.locale(), locale)) {
      problems->push_back({"locale", "must be a language tag"});
    }
  }
}

}  // namespace millrace::bench
