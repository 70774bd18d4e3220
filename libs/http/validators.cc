#include "http/validators.h"

#include <algorithm>

#include "base/strings.h"

namespace millrace::http {
namespace {

bool IsWeak(std::string_view tag) { return tag.starts_with("W/"); }

std::string_view Opaque(std::string_view tag) {
  return IsWeak(tag) ? tag.substr(2) : tag;
}

bool SameTag(std::string_view a, std::string_view b, bool strong) {
  if (strong && (IsWeak(a) || IsWeak(b))) return false;
  return Opaque(a) == Opaque(b);
}

bool IsTagChar(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != '"' && byte != 0x7f;
}

// The entity tag at the front of `text`, taken off it; empty when none is
// there.
std::string_view TakeTag(std::string_view* text) {
  const size_t open = IsWeak(*text) ? 2 : 0;
  if (text->substr(open, 1) != "\"") return {};
  size_t end = open + 1;
  while (end < text->size() && IsTagChar((*text)[end])) ++end;
  if (text->substr(end, 1) != "\"") return {};
  const std::string_view tag = text->substr(0, end + 1);
  text->remove_prefix(tag.size());
  return tag;
}

std::optional<absl::Time> DateOf(const Headers& headers, std::string_view name,
                                 absl::Time now) {
  if (!headers.Has(name)) return std::nullopt;
  return ParseHttpDate(headers.GetJoined(name), now);
}

// Dates have no fractions.
absl::Time ToSeconds(absl::Time time) {
  return absl::FromUnixSeconds(absl::ToUnixSeconds(time));
}

}  // namespace

bool ListHasTag(std::string_view list, std::string_view etag, bool strong) {
  if (Trim(list) == "*") return true;
  bool has = false;
  while (true) {
    list.remove_prefix(std::min(list.find_first_not_of(" \t,"), list.size()));
    if (list.empty()) return has;
    const std::string_view tag = TakeTag(&list);
    list = Trim(list);
    if (tag.empty() || (!list.empty() && list[0] != ',')) return false;
    has = has || SameTag(tag, etag, strong);
  }
}

std::optional<absl::Time> ParseHttpDate(std::string_view text, absl::Time now) {
  text = Trim(text);
  const std::string date(text);
  absl::Time time;
  // Of today, of RFC 850 and of asctime().
  for (const char* format :
       {"%a, %d %b %E4Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
        "%a %b %e %H:%M:%S %E4Y"}) {
    if (!absl::ParseTime(format, date, absl::UTCTimeZone(), &time, nullptr)) {
      continue;
    }
    if (format[1] != 'A') return time;
    // A year that seems to be more than 50 years away has gone by.
    const absl::TimeZone utc = absl::UTCTimeZone();
    const absl::CivilYear latest(absl::ToCivilYear(now, utc) + 50);
    absl::CivilSecond when = absl::ToCivilSecond(time, utc);
    const auto century = [&when](int64_t years) {
      return absl::CivilSecond(when.year() + years, when.month(), when.day(),
                               when.hour(), when.minute(), when.second());
    };
    while (absl::CivilYear(when) > latest) when = century(-100);
    while (absl::CivilYear(century(100)) <= latest) when = century(100);
    return absl::FromCivil(when, utc);
  }
  return std::nullopt;
}

Verdict CheckConditions(const Headers& headers, const Validators& validators,
                        absl::Time now) {
  const absl::Time modified = ToSeconds(validators.modified);
  if (headers.Has("If-Match")) {
    if (!ListHasTag(headers.GetJoined("If-Match"), validators.etag, true)) {
      return Verdict::kFailed;
    }
  } else if (const auto since = DateOf(headers, "If-Unmodified-Since", now);
             since && modified > *since) {
    return Verdict::kFailed;
  }
  if (headers.Has("If-None-Match")) {
    if (ListHasTag(headers.GetJoined("If-None-Match"), validators.etag,
                   false)) {
      return Verdict::kNotModified;
    }
  } else if (const auto since = DateOf(headers, "If-Modified-Since", now);
             since && modified <= *since) {
    return Verdict::kNotModified;
  }
  return Verdict::kProceed;
}

bool RangeHolds(const Headers& headers, const Validators& validators,
                absl::Time now) {
  if (!headers.Has("If-Range")) return true;
  const std::string value = headers.GetJoined("If-Range");
  std::string_view rest = Trim(value);
  const std::string_view tag = TakeTag(&rest);
  if (!tag.empty()) {
    return rest.empty() && SameTag(tag, validators.etag, true);
  }
  const auto date = ParseHttpDate(value, now);
  return date && validators.date_is_strong &&
         *date == ToSeconds(validators.modified);
}

}  // namespace millrace::http
