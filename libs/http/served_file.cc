#include "http/served_file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/status.h"
#include "base/strings.h"

namespace millrace::http {
namespace {

// A pipe without a writer and a terminal must not hold the thread.
constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

// A rename beside the path makes the kernel ask for another try.
constexpr int kTries = 16;

// `call` again for as long as a signal interrupts it.
template <typename F>
auto Retry(F call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// -1 with errno, as open(2).
int OpenByKernel(int root, const std::string& path) {
  open_how how = {};
  how.flags = kFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  int fd = -1;
  for (int i = 0; i < kTries; ++i) {
    fd = static_cast<int>(Retry([&] {
      return syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how));
    }));
    if (fd >= 0 || errno != EAGAIN) break;
  }
  return fd;
}

int OpenStepwise(int root, std::string_view path) {
  int folder = root;
  while (true) {
    const size_t slash = path.find('/');
    const std::string name(path.substr(0, slash));
    const bool last = slash == std::string_view::npos;
    int fd = -1;
    if (name.empty() || name == "..") {
      errno = EXDEV;
    } else {
      const int flags = last ? kFlags : O_PATH | O_DIRECTORY | O_CLOEXEC;
      fd = Retry(
          [&] { return openat(folder, name.c_str(), flags | O_NOFOLLOW); });
    }
    const int error = errno;
    if (folder != root) close(folder);
    errno = error;
    if (fd < 0 || last) return fd;
    folder = fd;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

ServedFile::~ServedFile() { close(fd_); }

std::string ServedFile::Read(uint64_t offset, size_t bytes) const {
  std::string data(bytes, '\0');
  size_t size = 0;
  while (size < bytes) {
    const ssize_t got = Retry([&] {
      return pread(fd_, data.data() + size, bytes - size,
                   static_cast<off_t>(offset + size));
    });
    if (got < 0) {
      Throw(absl::ErrnoToStatus(errno, "cannot read a file that is sent"));
    }
    if (got == 0) {
      Throw(absl::DataLossError(
          StrCat("a file that is sent has become shorter: it has no byte ",
                 offset + size)));
    }
    size += static_cast<size_t>(got);
  }
  return data;
}

OpenedFile OpenBeneath(int root, std::string_view path, OpenWay way) {
  const std::string name(path.empty() ? "." : path);
  int fd = -1;
  if (way == OpenWay::kKernel) {
    fd = OpenByKernel(root, name);
    // Filters of system calls say EPERM to what they do not know.
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
      way = OpenWay::kStepwise;
    }
  }
  if (way == OpenWay::kStepwise) fd = OpenStepwise(root, name);
  OpenedFile opened;
  struct stat about = {};
  if (fd < 0) {
    opened.error = errno;
  } else if (fstat(fd, &about) != 0) {
    opened.error = errno;
    close(fd);
  } else {
    opened.file = std::make_shared<const ServedFile>(fd, about);
  }
  return opened;
}

}  // namespace millrace::http
