// The time zones that a template may name: those of the system's database, by
// the names that their files have there, and UTC.
//
// A name is compared with these and nothing else is done with it. So whoever
// chooses it opens no other file, and no more zones are ever kept in memory
// than there are. Thread-safe; no lock is taken once a zone was read.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_TIME_ZONES_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_TIME_ZONES_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/call_once.h"
#include "absl/time/time.h"

namespace millrace::templates {

class TimeZones {
 public:
  // Of the database in this folder, of which it reads the names of all files:
  // some milliseconds. Where there is none, only UTC is known.
  explicit TimeZones(const std::string& folder);

  // Those that absl::LoadTimeZone reads; the first call makes them.
  static const TimeZones& OfSystem();

  // Nothing when no zone has this name. The first to ask for a zone reads its
  // file, which takes 0.1 ms or so.
  std::optional<absl::TimeZone> Find(std::string_view name) const;

  // Sorted.
  std::vector<std::string> Names() const;
  bool only_utc() const { return zones_.size() == 1; }

 private:
  struct Zone {
    absl::once_flag read;
    std::optional<absl::TimeZone> zone;
  };

  mutable std::map<std::string, Zone, std::less<>> zones_;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_TIME_ZONES_H_
