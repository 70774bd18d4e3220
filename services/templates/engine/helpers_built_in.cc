// date, number, url and plural. LANGUAGE.md describes them.
#include <algorithm>
#include <cmath>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/strings.h"
#include "contract/utf8.h"
#include "services/templates/engine/escape.h"
#include "services/templates/engine/helpers.h"
#include "services/templates/engine/number_text.h"
#include "services/templates/engine/plural.h"
#include "services/templates/engine/time_zones.h"

namespace millrace::templates {
namespace {

constexpr size_t kMaxTimeBytes = 64;
// %E1024S is seven bytes and writes a thousand.
constexpr size_t kMaxFormatBytes = 256;

// A text of the data for an error.
std::string Quoted(std::string_view text) {
  return StrCat("'", Excerpt(text), "'");
}

absl::Status Wrong(const Value& value, std::string_view wanted) {
  return absl::InvalidArgumentError(
      StrCat(Quoted(TextOf(value)), " is no ", wanted));
}

// False once there is no room for what was appended.
bool Append(std::string_view part, const HelperCall& call, std::string* text) {
  text->append(part);
  return text->size() <= call.room;
}

bool IsMissing(const Value& value) {
  return value.kind == Kind::kNull ||
         (value.kind == Kind::kString && value.size == 0);
}

// Seconds since 1970, or RFC 3339.
absl::StatusOr<absl::Time> TimeOf(const Value& value) {
  if (value.kind == Kind::kNumber) {
    return absl::UnixEpoch() + absl::Seconds(NumberOf(value).value_or(0));
  }
  absl::Time time;
  std::string error;
  if (value.kind == Kind::kString && value.size <= kMaxTimeBytes &&
      (absl::ParseTime(absl::RFC3339_full, ToAbsl(value.text_view()), &time,
                       &error) ||
       absl::ParseTime("%Y-%m-%d", ToAbsl(value.text_view()), &time, &error))) {
    return time;
  }
  return Wrong(value,
               "time; write it as 2024-05-01T12:00:00Z, 2024-05-01 or "
               "in seconds since 1970");
}

absl::Status Date(const HelperCall& call, std::string* text) {
  if (IsMissing(call.values[0])) return absl::OkStatus();
  const absl::StatusOr<absl::Time> time = TimeOf(call.values[0]);
  if (!time.ok()) return time.status();
  const std::string_view name = call.TextOption("zone", "UTC");
  const TimeZones& zones = TimeZones::OfSystem();
  const std::optional<absl::TimeZone> zone = zones.Find(name);
  if (!zone) {
    return absl::InvalidArgumentError(StrCat(
        "there is no time zone ", Quoted(name),
        zones.only_utc() ? "; only UTC is known where tzdata is not installed"
                         : "; write one as Europe/Vienna or UTC"));
  }
  const std::string_view format = call.TextOption("format", "%Y-%m-%d");
  if (format.size() > kMaxFormatBytes) {
    return absl::InvalidArgumentError(StrCat("the format has ", format.size(),
                                             " bytes; write it in at most ",
                                             kMaxFormatBytes));
  }
  *text += absl::FormatTime(ToAbsl(format), *time, *zone);
  return absl::OkStatus();
}

absl::Status Number(const HelperCall& call, std::string* text) {
  if (IsMissing(call.values[0])) return absl::OkStatus();
  const std::optional<double> number = NumberOf(call.values[0]);
  if (!number || !std::isfinite(*number)) {
    return Wrong(call.values[0], "number");
  }
  std::string digits;
  const Value decimals = call.Option("decimals");
  if (decimals.kind == Kind::kNull) {
    char shortest[kNumberTextSize];
    digits.assign(shortest, WriteNumber(*number, shortest));
  } else {
    const double places = NumberOf(decimals).value_or(-1);
    if (!(places >= 0 && places <= 20)) {
      return Wrong(decimals, "count of decimals from 0 to 20");
    }
    digits = absl::StrFormat("%.*f", static_cast<int>(places), *number);
  }
  const std::string_view group = call.TextOption("group", "");
  const std::string_view point = call.TextOption("point", ".");
  size_t at = 0;
  if (digits[0] == '-') text->push_back(digits[at++]);
  const size_t dot = std::min(digits.find_first_of(".e"), digits.size());
  for (; at < dot; ++at) {
    text->push_back(digits[at]);
    const size_t left = dot - at - 1;
    if (left > 0 && left % 3 == 0 && !Append(group, call, text)) {
      return absl::OkStatus();
    }
  }
  if (dot < digits.size() && digits[dot] == '.') {
    text->append(point);
    ++at;
  }
  text->append(digits, at, digits.npos);
  return absl::OkStatus();
}

absl::Status Url(const HelperCall& call, std::string* text) {
  // Encoded it is no shorter: of one that is too long this much is, too.
  Value value = call.values[0];
  if (value.has_text() && value.size > call.room) {
    value.size = static_cast<uint32_t>(call.room + 1);
  }
  Output out;
  WriteValue(value, Escape::kUrlQuery, &out);
  text->append(out.view());
  return absl::OkStatus();
}

// The option of the number's category, or "other"; # in it is the number.
absl::Status Plural(const HelperCall& call, std::string* text) {
  const std::optional<double> number = NumberOf(call.values[0]);
  if (!number) return Wrong(call.values[0], "number");
  const std::string_view category =
      PluralCategory(call.TextOption("locale", "en"), *number);
  const Value exact = call.Option("zero");
  const std::string_view form =
      *number == 0 && exact.has_text()
          ? exact.text_view()
          : call.TextOption(category, call.TextOption("other", ""));
  const std::string_view digits = call.values[0].text_view();
  for (size_t at = 0;;) {
    const size_t mark = form.find('#', at);
    if (!Append(form.substr(at, mark - at), call, text) || mark == form.npos ||
        !Append(digits, call, text)) {
      break;
    }
    at = mark + 1;
  }
  return absl::OkStatus();
}

}  // namespace

const Helpers& BuiltInHelpers() {
  static const Helpers* const kHelpers = [] {
    auto* helpers = new Helpers;
    helpers->Add({.name = "date",
                  .options = {"format", "zone"},
                  .run = Date,
                  .prepare = [] { TimeZones::OfSystem(); },
                  .steps = 60});
    helpers->Add({.name = "number",
                  .options = {"decimals", "group", "point"},
                  .run = Number,
                  .steps = 30});
    helpers->Add({"url", 1, {}, Url});
    helpers->Add({"plural",
                  1,
                  {"zero", "one", "two", "few", "many", "other", "locale"},
                  Plural});
    return helpers;
  }();
  return *kHelpers;
}

}  // namespace millrace::templates
