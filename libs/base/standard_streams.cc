#include "base/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "base/strings.h"

namespace millrace {

void OpenStandardStreams() {
  // In this order: each gets the lowest descriptor that is free.
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
    // There is nobody to tell that errors cannot be told.
    (void)open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

absl::Status FlushOutput() {
  errno = 0;
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout) {
    return absl::OkStatus();
  }
  const int error = errno;  // of now: an earlier one's is gone
  return absl::UnavailableError(
      StrCat("cannot write the output: ",
             error == 0 ? "a part of it was not taken" : std::strerror(error)));
}

}  // namespace millrace
