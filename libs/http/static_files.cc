#include "http/static_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/status.h"
#include "base/strings.h"
#include "http/byte_ranges.h"
#include "http/file_body.h"
#include "http/gzip.h"
#include "http/media_types.h"
#include "http/serializer.h"
#include "http/served_file.h"
#include "http/status_mapping.h"
#include "http/validators.h"
#include "loop/worker_pool.h"

namespace millrace::http {
namespace {

// Clocks of file systems tick in steps; two changes within one leave the same
// time.
constexpr absl::Duration kSettled = absl::Seconds(2);

using OptionsPtr = std::shared_ptr<const StaticOptions>;

// What to look for, on a thread of the pool.
struct Wanted {
  OptionsPtr options;
  std::string path;     // below the root, without a slash at its end
  bool folder = false;  // there was one
  bool gzip = false;    // the client takes it
};

struct Found {
  int error = 0;
  bool redirect = false;  // a folder, and the path had no slash
  bool gzip = false;      // `file` is the compressed sibling
  std::string path;
  std::shared_ptr<const ServedFile> file;
};

bool IsSafe(std::string_view segment, bool dot_files) {
  if (segment.empty() || segment == "." || segment == "..") return false;
  if (segment[0] == '.' && !dot_files) return false;
  return std::none_of(segment.begin(), segment.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\' ||
           c == '/';
  });
}

// One file has one path: an escaped slash would give it others, which whoever
// guards a folder by its path does not see.
bool HasEscapedSlash(std::string_view path) {
  for (size_t at = path.find('%'); at != std::string_view::npos;
       at = path.find('%', at + 1)) {
    if (EqualsIgnoreCase(path.substr(at, 3), "%2f")) return true;
  }
  return false;
}

// Nothing for a path that is not served.
std::optional<Wanted> WantedBy(const Request& request, OptionsPtr options) {
  if (HasEscapedSlash(request.PathBelow())) return std::nullopt;
  std::string_view path = request.Param("path");
  Wanted wanted;
  wanted.folder = request.path.ends_with('/');
  if (path.ends_with('/')) path.remove_suffix(1);
  wanted.path = path;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    if (!IsSafe(path.substr(0, slash), options->dot_files)) {
      return std::nullopt;
    }
    if (slash + 1 == path.size()) return std::nullopt;  // "a//"
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  // A range of the compressed form is of no use to whoever wants the file's.
  wanted.gzip = options->precompressed && !request.headers.Has("Range") &&
                TakesGzip(request.headers.GetJoined("Accept-Encoding"));
  wanted.options = std::move(options);
  return wanted;
}

Found Find(const Wanted& wanted) {
  Found found;
  const StaticOptions& options = *wanted.options;
  const int root = open(options.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) {
    // That the whole root is missing is no answer for a client.
    found.error = errno == ENOENT || errno == ENOTDIR ? EIO : errno;
    return found;
  }
  found.path = wanted.path;
  OpenedFile opened = OpenBeneath(root, found.path);
  if (opened.IsKind(S_IFDIR)) {
    found.redirect = !wanted.folder;
    if (wanted.folder && !options.index.empty()) {
      StrAppend(&found.path, found.path.empty() ? "" : "/", options.index);
      opened = OpenBeneath(root, found.path);
    }
  } else if (wanted.folder && opened.error == 0) {
    opened.error = ENOTDIR;
  }
  found.error = opened.error;
  if (found.error == 0 && !found.redirect && !opened.IsKind(S_IFREG)) {
    found.error = ENOENT;
  }
  if (found.error == 0 && !found.redirect) {
    found.file = std::move(opened.file);
    if (wanted.gzip) {
      OpenedFile sibling = OpenBeneath(root, found.path + ".gz");
      if (sibling.IsKind(S_IFREG) && sibling.file->about().st_mtim.tv_sec >=
                                         found.file->about().st_mtim.tv_sec) {
        found.gzip = true;
        found.file = std::move(sibling.file);
      }
    }
  }
  close(root);
  return found;
}

[[noreturn]] void ThrowNothing(const Request& request) {
  Throw(absl::NotFoundError(StrCat("there is nothing at ", request.path)));
}

// Names nothing of the file system to the client.
[[noreturn]] void ThrowError(int error, const Request& request) {
  switch (error) {
    case EACCES:
      Throw(absl::PermissionDeniedError(
          StrCat("what is at ", request.path, " must not be read")));
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
      Throw(absl::UnavailableError("too many files are open; try again later"));
    case EIO:
      Throw(
          absl::InternalError(StrCat("cannot read what is at ", request.path)));
    default:
      ThrowNothing(request);
  }
}

// Relative, so that it holds behind a proxy that takes a prefix off; the dot
// keeps a name with a colon from looking like a scheme.
Response RedirectToFolder(const Request& request) {
  const std::string_view path = request.path;
  std::string to = StrCat("./", path.substr(path.rfind('/') + 1), "/");
  if (!request.query.empty()) StrAppend(&to, "?", request.query);
  Response response = Response::Text(301, "");
  response.headers.Add("Location", to);
  return response;
}

Validators ValidatorsOf(const ServedFile& file, absl::Time now) {
  const struct stat& about = file.about();
  Validators validators;
  const absl::Time modified = absl::TimeFromTimespec(about.st_mtim);
  validators.date_is_strong = modified + kSettled <= now;
  validators.etag =
      StrCat(validators.date_is_strong ? "\"" : "W/\"", absl::Hex(about.st_ino),
             "-", absl::Hex(about.st_size), "-",
             absl::Hex(absl::ToUnixNanos(modified)), "\"");
  // A date in the future would be taken for none.
  validators.modified = std::min(modified, now);
  return validators;
}

std::string CacheControl(const StaticOptions& options) {
  const int64_t seconds = absl::ToInt64Seconds(options.max_age);
  if (seconds == 0) return "no-cache";
  return StrCat("public, max-age=", seconds,
                options.immutable ? ", immutable" : "");
}

std::string ContentRange(const ByteRange& range, uint64_t size) {
  return StrCat("bytes ", range.first, "-", range.end() - 1, "/", size);
}

// The parts with their heads between them. Nothing when the whole is shorter.
std::optional<std::vector<BodyPart>> Multipart(
    const std::vector<ByteRange>& ranges, std::string_view type,
    std::string_view boundary, uint64_t size, uint64_t* length) {
  std::vector<BodyPart> parts;
  *length = 0;
  for (const ByteRange& range : ranges) {
    parts.push_back({StrCat(parts.empty() ? "--" : "\r\n--", boundary,
                            "\r\nContent-Type: ", type, "\r\nContent-Range: ",
                            ContentRange(range, size), "\r\n\r\n"),
                     range});
  }
  parts.push_back({StrCat("\r\n--", boundary, "--\r\n"), {}});
  for (const BodyPart& part : parts) {
    *length += part.text.size() + part.range.size;
  }
  if (*length >= size) return std::nullopt;
  return parts;
}

// 200, 206 or 416; `headers` has what all answers have.
Response Contents(EventLoop& loop, const Request& request, const Found& found,
                  const StaticOptions& options, const RangeSet& set,
                  Headers headers) {
  const uint64_t size = found.file->size();
  const std::string type(MediaTypeOf(found.path));
  if (set.kind == RangeSet::Kind::kUnsatisfiable) {
    Response response = ErrorResponse(
        416, "out_of_range",
        StrCat("what is at ", request.path, " has only ", size, " bytes"));
    response.headers.Set("Content-Range", StrCat("bytes */", size));
    response.headers.Set("Accept-Ranges", "bytes");
    return response;
  }
  Response response;
  response.headers = std::move(headers);
  uint64_t length = size;
  std::vector<BodyPart> parts = {{"", {0, size}}};
  std::string sent_type = type;
  if (set.parts.size() == 1) {
    response.status = 206;
    length = set.parts[0].size;
    parts[0].range = set.parts[0];
    response.headers.Add("Content-Range", ContentRange(set.parts[0], size));
  } else if (set.parts.size() > 1) {
    const std::string boundary =
        StrCat(absl::Hex(RandomBits(), absl::kZeroPad16),
               absl::Hex(RandomBits(), absl::kZeroPad16));
    uint64_t multipart_length = 0;
    auto multipart =
        Multipart(set.parts, type, boundary, size, &multipart_length);
    if (multipart) {
      response.status = 206;
      length = multipart_length;
      parts = *std::move(multipart);
      sent_type = StrCat("multipart/byteranges; boundary=", boundary);
    }
  }
  response.headers.Add("Content-Type", sent_type);
  if (found.gzip) {
    response.headers.Add("Content-Encoding", "gzip");
  } else {
    response.headers.Add("Accept-Ranges", "bytes");
  }
  response.headers.Add("Content-Length", StrCat(length));
  response.body =
      FileBody(loop, found.file, std::move(parts), options.chunk_bytes);
  return response;
}

Response Answer(EventLoop& loop, const Request& request, const Found& found,
                const StaticOptions& options) {
  const absl::Time now = loop.Now();
  const Validators validators = ValidatorsOf(*found.file, now);
  Headers headers = {{"ETag", validators.etag},
                     {"Last-Modified", HttpDate(validators.modified)},
                     {"Cache-Control", CacheControl(options)}};
  if (options.precompressed) headers.Add("Vary", "Accept-Encoding");
  switch (CheckConditions(request.headers, validators, now)) {
    case Verdict::kFailed:
      return ErrorResponse(412, "failed_precondition",
                           StrCat("what is at ", request.path, " has changed"));
    case Verdict::kNotModified: {
      Response response;
      response.status = 304;
      response.headers = std::move(headers);
      return response;
    }
    case Verdict::kProceed:
      break;
  }
  RangeSet set;
  if (request.method == "GET" && request.headers.Has("Range") &&
      RangeHolds(request.headers, validators, now)) {
    set = ParseRange(request.headers.GetJoined("Range"), found.file->size(),
                     options.max_ranges);
  }
  return Contents(loop, request, found, options, set, std::move(headers));
}

Promise<Response> Serve(EventLoop& loop, OptionsPtr options, Request request) {
  std::optional<Wanted> wanted = WantedBy(request, options);
  if (!wanted) ThrowNothing(request);
  Promise<Found> finding = loop.workers().Run(
      [wanted = *std::move(wanted)] { return Find(wanted); });
  const Found found = co_await std::move(finding);
  if (found.error != 0) ThrowError(found.error, request);
  if (found.redirect) co_return RedirectToFolder(request);
  co_return Answer(loop, request, found, *options);
}

}  // namespace

absl::Status StaticOptions::Validate() const {
  if (root.empty()) {
    return absl::InvalidArgumentError("root is empty; it must be a folder");
  }
  if (index.find('/') != std::string::npos || index == "..") {
    return absl::InvalidArgumentError(
        StrCat("index is \"", index, "\"; it must be the name of a file"));
  }
  if (max_age < absl::ZeroDuration() || max_age > absl::Hours(24 * 365)) {
    return absl::InvalidArgumentError(
        StrCat("max_age is ", absl::FormatDuration(max_age),
               "; it must be from nothing to a year"));
  }
  if (max_ranges == 0 || chunk_bytes == 0) {
    return absl::InvalidArgumentError(
        "max_ranges and chunk_bytes must be at least 1");
  }
  return absl::OkStatus();
}

Handler StaticFiles(EventLoop& loop, StaticOptions options) {
  ThrowIfError(options.Validate());
  struct stat about = {};
  if (stat(options.root.c_str(), &about) != 0 || !S_ISDIR(about.st_mode)) {
    Throw(absl::NotFoundError(StrCat("the folder to serve, '", options.root,
                                     "', is not there or is no folder")));
  }
  return [&loop, shared = std::make_shared<const StaticOptions>(
                     std::move(options))](Request request) {
    return Serve(loop, shared, std::move(request));
  };
}

}  // namespace millrace::http
