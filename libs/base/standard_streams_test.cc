#include "base/standard_streams.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <functional>
#include <iostream>
#include <string>

#include "base/strings.h"

namespace millrace {
namespace {

// What `body` gives in a process of its own.
int InAChild(const std::function<int()>& body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(StandardStreamsTest, NoFileIsTakenForOneThatIsClosed) {
  for (const int closed : {0, 1, 2, 3}) {
    EXPECT_EQ(InAChild([closed] {
                for (int fd = 0; fd < 3; ++fd) {
                  if (closed == fd || closed == 3) close(fd);
                }
                OpenStandardStreams();
                return open("/dev/null", O_RDONLY) > 2 ? 0 : 1;
              }),
              0)
        << closed;
  }
}

TEST(StandardStreamsTest, OneThatIsOpenIsLeftAlone) {
  EXPECT_EQ(InAChild([] {
              int ends[2];
              if (pipe(ends) != 0) return 1;
              dup2(ends[1], STDOUT_FILENO);
              OpenStandardStreams();
              char got = 0;
              return write(STDOUT_FILENO, "x", 1) == 1 &&
                             read(ends[0], &got, 1) == 1 && got == 'x'
                         ? 0
                         : 1;
            }),
            0);
}

// How FlushOutput() tells of the loss of what `body` writes.
std::string ToldOf(bool closed, const std::function<void()>& body) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  EXPECT_EQ(InAChild([&] {
              if (!FlushOutput().ok()) return 1;
              close(STDOUT_FILENO);
              if (!closed) open("/dev/full", O_WRONLY);
              OpenStandardStreams();
              if (!FlushOutput().ok()) return 2;  // nothing is lost yet
              body();
              const std::string text(MessageOf(FlushOutput()));
              const auto size = static_cast<ssize_t>(text.size());
              return write(ends[1], text.data(), text.size()) == size ? 0 : 3;
            }),
            0);
  close(ends[1]);
  char text[200];
  const ssize_t got = read(ends[0], text, sizeof(text));
  close(ends[0]);
  return std::string(text, got < 0 ? 0 : static_cast<size_t>(got));
}

TEST(StandardStreamsTest, OutputThatIsLostIsToldOf) {
  const auto held = [] { std::cout << "a line\n"; };
  EXPECT_EQ(ToldOf(false, held),
            "cannot write the output: No space left on device");
  EXPECT_EQ(ToldOf(true, held), "cannot write the output: Bad file descriptor");
  const auto lost = [] { std::cout << "a line" << std::endl; };
  EXPECT_EQ(ToldOf(false, lost),
            "cannot write the output: a part of it was not taken");
  const auto printed = [] { std::fputs("a line\n", stdout); };
  EXPECT_EQ(ToldOf(false, printed),
            "cannot write the output: No space left on device");
}

}  // namespace
}  // namespace millrace
