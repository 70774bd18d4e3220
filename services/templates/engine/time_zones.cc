#include "services/templates/engine/time_zones.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"

namespace millrace::templates {
namespace {

namespace fs = std::filesystem;

// America/Argentina/Salta is as deep as names go. With links that lead back it
// keeps the walk short, as the number of names does.
constexpr int kMaxDepth = 2;
constexpr size_t kMaxNames = 5000;  // there are some 600

// As absl::LoadTimeZone has it.
std::string SystemFolder() {
  const char* folder = std::getenv("TZDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/usr/share/zoneinfo";
}

// All zones and their folders begin with a capital letter. The others are the
// zones once more (posix/, right/, localtime, posixrules), or tables.
bool IsZone(const std::string& file) {
  return !file.empty() &&
         absl::ascii_isupper(static_cast<unsigned char>(file[0]));
}

}  // namespace

TimeZones::TimeZones(const std::string& folder) {
  zones_.try_emplace("UTC");
  std::error_code error;  // what cannot be read is not there
  fs::recursive_directory_iterator entry(
      folder,
      fs::directory_options::follow_directory_symlink |
          fs::directory_options::skip_permission_denied,
      error);
  const fs::recursive_directory_iterator end;
  for (; entry != end && zones_.size() < kMaxNames; entry.increment(error)) {
    const bool skipped =
        entry.depth() == 0 && !IsZone(entry->path().filename().string());
    if (skipped || entry.depth() == kMaxDepth) {
      entry.disable_recursion_pending();
    }
    if (skipped || !entry->is_regular_file(error)) continue;
    fs::path name = entry->path().filename();
    fs::path parent = entry->path().parent_path();
    for (int depth = entry.depth(); depth > 0; --depth) {
      name = parent.filename() / name;
      parent = parent.parent_path();
    }
    zones_.try_emplace(name.string());
  }
}

const TimeZones& TimeZones::OfSystem() {
  static const TimeZones* const kZones = new TimeZones(SystemFolder());
  return *kZones;
}

std::optional<absl::TimeZone> TimeZones::Find(std::string_view name) const {
  const auto found = zones_.find(name);
  if (found == zones_.end()) return std::nullopt;
  auto& [known, zone] = *found;
  absl::call_once(zone.read, [&known = known, &zone = zone] {
    absl::TimeZone read;
    if (absl::LoadTimeZone(known, &read)) zone.zone = read;
  });
  return zone.zone;
}

std::vector<std::string> TimeZones::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, zone] : zones_) names.push_back(name);
  return names;
}

}  // namespace millrace::templates
