#include "tools/millrace/scaffold.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/strings.h"

namespace millrace::cli {
namespace {

// What the template's service has many of, in lower case.
constexpr std::string_view kWord = "parcel";

// The name in the form that the template's text has at `at`, which is where the
// word begins in whatever case; `length` becomes that of the text.
std::string FormAt(const ServiceName& name, std::string_view text, size_t at,
                   size_t* length) {
  const std::string_view word = text.substr(at, kWord.size());
  const bool type = absl::ascii_isupper(static_cast<unsigned char>(word[0]));
  const bool constant =
      type && absl::ascii_isupper(static_cast<unsigned char>(word[1]));
  const size_t end = at + kWord.size();
  const bool plural = end < text.size() && text[end] == (constant ? 'S' : 's');
  *length = kWord.size() + (plural ? 1 : 0);
  if (constant) {
    return absl::AsciiStrToUpper(plural ? name.plural : name.singular);
  }
  if (type) return plural ? name.plural_type : name.singular_type;
  return plural ? name.plural : name.singular;
}

// The number of the module's settings (config.proto): one that is its name's,
// so that two services that are written apart fit into one program. This is the
// template's.
constexpr std::string_view kNumber = "46827865";

std::string NumberOf(const ServiceName& name) {
  // config.proto leaves these to others than the platform, protobuf keeps
  // 19000 to 19999 for itself.
  constexpr uint64_t kFirst = 20'000;
  constexpr uint64_t kLast = 536'870'911;
  uint64_t hash = 14695981039346656037u;  // FNV-1a
  for (const char c : name.plural) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  return StrCat(kFirst + hash % (kLast - kFirst + 1));
}

std::string Fill(std::string_view text, const ServiceName& name) {
  std::string filled;
  size_t at = 0;
  while (at < text.size()) {
    if (absl::EqualsIgnoreCase(ToAbsl(text.substr(at, kWord.size())),
                               ToAbsl(kWord))) {
      size_t length = 0;
      filled += FormAt(name, text, at, &length);
      at += length;
    } else if (text.substr(at, kNumber.size()) == kNumber) {
      filled += NumberOf(name);
      at += kNumber.size();
    } else {
      filled += text[at++];
    }
  }
  return filled;
}

absl::Status WriteFile(const std::filesystem::path& path,
                       const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) {
    return absl::UnavailableError(StrCat(
        "cannot make ", path.parent_path().string(), ": ", error.message()));
  }
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file) return absl::OkStatus();
  return absl::UnavailableError(
      StrCat("cannot write ", path.string(), ": ", std::strerror(errno)));
}

absl::Status CheckEmpty(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder, error) && !error) {
    return absl::OkStatus();
  }
  if (!error && !std::filesystem::is_directory(folder, error)) {
    return absl::AlreadyExistsError(
        StrCat(folder.string(),
               " is there, and is no folder; name another by --into"));
  }
  if (!error && std::filesystem::is_empty(folder, error)) {
    return absl::OkStatus();
  }
  if (error) {
    return absl::UnavailableError(
        StrCat("cannot look into ", folder.string(), ": ", error.message()));
  }
  return absl::AlreadyExistsError(
      StrCat("the folder ", folder.string(),
             " is not empty, and nothing in it is to be lost; name another by "
             "--into, or empty it"));
}

}  // namespace

std::vector<ScaffoldFile> FillTemplate(const ServiceName& name) {
  std::vector<ScaffoldFile> files = TemplateFiles();
  for (ScaffoldFile& file : files) {
    file.path = Fill(file.path, name);
    file.text = Fill(file.text, name);
  }
  return files;
}

absl::Status WriteScaffold(const ServiceName& name,
                           const std::filesystem::path& folder) {
  if (absl::Status status = CheckEmpty(folder); !status.ok()) return status;
  for (const ScaffoldFile& file : FillTemplate(name)) {
    const absl::Status status = WriteFile(folder / file.path, file.text);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace millrace::cli
