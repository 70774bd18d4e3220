#include "loop/process.h"

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <filesystem>
#include <string>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"

namespace millrace {
namespace {

using testing::HasSubstr;
using ProcessPtr = std::unique_ptr<Process>;

Promise<std::string> ReadAll(Stream<std::string> stream) {
  std::string all;
  while (auto bytes = co_await stream.Next()) all += *bytes;
  co_return all;
}

// Neither runs nor waits to be waited for.
bool Gone(int pid) { return kill(pid, 0) != 0 && errno == ESRCH; }

class ProcessTest : public testing::Test {
 protected:
  ProcessPtr Spawn(ProcessOptions options) {
    auto process = Process::Spawn(loop_, std::move(options));
    EXPECT_TRUE(process.ok()) << process.status();
    return *std::move(process);
  }
  ProcessPtr Shell(std::string script) {
    return Spawn({.program = "sh",
                  .args = {"-c", std::move(script)},
                  .in = Stdio::kPipe,
                  .out = Stdio::kPipe,
                  .err = Stdio::kPipe});
  }

  EventLoop loop_;
};

TEST_F(ProcessTest, ExitTellsTheCode) {
  const ProcessPtr good = Spawn({.program = "true"});
  const ProcessPtr bad = Shell("exit 7");
  loop_.Run();
  EXPECT_TRUE(good->exit().value().ok());
  EXPECT_EQ(bad->exit().value().ToString(), "exit code 7");
  EXPECT_TRUE(Gone(good->pid()));
  EXPECT_EQ(good->Kill().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(good->Kill())), HasSubstr("'true'"));
}

TEST_F(ProcessTest, ASignalEndsIt) {
  const ProcessPtr process = Shell("exec sleep 1000");
  EXPECT_TRUE(process->Kill(SIGTERM).ok());
  loop_.Run();
  EXPECT_EQ(process->exit().value().signal, SIGTERM);
  EXPECT_FALSE(process->exit().value().ok());
  EXPECT_EQ(process->exit().value().ToString(), "signal 15");
}

TEST_F(ProcessTest, BytesGoInAndOut) {
  const ProcessPtr process = Shell("tr a-z A-Z; echo done >&2");
  auto output = ReadAll(process->TakeOutput());
  auto errors = ReadAll(process->TakeErrors());
  auto first = process->Write("hello ");
  auto second = process->Write("world");
  process->CloseInput();
  auto late = AsStatusOr(process->Write("!"));
  loop_.Run();
  EXPECT_TRUE(first.settled() && !first.rejected());
  EXPECT_TRUE(second.settled() && !second.rejected());
  EXPECT_EQ(output.value(), "HELLO WORLD");
  EXPECT_EQ(errors.value(), "done\n");
  EXPECT_EQ(late.value().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ProcessTest, EnvironmentAndDirectoryAreGiven) {
  const ProcessPtr process =
      Spawn({.program = "/bin/sh",
             .args = {"-c", "pwd; echo $COLOUR; echo ${HOME-none}"},
             .env = {{{"COLOUR", "green"}}},
             .cwd = "/",
             .out = Stdio::kPipe});
  auto output = ReadAll(process->TakeOutput());
  auto errors = ReadAll(process->TakeErrors());
  loop_.Run();
  EXPECT_EQ(output.value(), "/\ngreen\nnone\n");
  EXPECT_EQ(errors.value(), "");
}

TEST_F(ProcessTest, WhatCannotBeRunIsNamed) {
  const auto none = Process::Spawn(
      loop_,
      {.program = "/no/such/program", .in = Stdio::kPipe, .out = Stdio::kPipe});
  EXPECT_EQ(none.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(none.status())),
              HasSubstr("'/no/such/program'"));
  const auto nowhere =
      Process::Spawn(loop_, {.program = "true", .cwd = "/no/such/place"});
  EXPECT_EQ(nowhere.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(nowhere.status())),
              HasSubstr("'/no/such/place'"));
  const auto directory = Process::Spawn(loop_, {.program = "/"});
  EXPECT_EQ(directory.status().code(), absl::StatusCode::kPermissionDenied);
  loop_.Run();
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);  // no child was left
}

constexpr size_t kMuch = 8 << 20;

Promise<size_t> ReadSlowly(EventLoop& loop, Process& process) {
  Stream<std::string> output = process.TakeOutput();
  std::optional<std::string> bytes = co_await output.Next();
  size_t total = bytes->size();
  // More than enough for the rest, if nothing held the process back.
  co_await Delay(absl::Milliseconds(100));
  EXPECT_FALSE(process.exit().settled());
  static_cast<void>(loop);
  while ((bytes = co_await output.Next())) total += bytes->size();
  co_return total;
}

TEST_F(ProcessTest, ASlowReaderHoldsTheProcessBack) {
  const ProcessPtr process = Shell(StrCat("head -c ", kMuch, " /dev/zero"));
  auto total = ReadSlowly(loop_, *process);
  loop_.Run();
  EXPECT_EQ(total.value(), kMuch);
  EXPECT_TRUE(process->exit().value().ok());
}

TEST_F(ProcessTest, AReaderThatGoesClosesThePipe) {
  const ProcessPtr process = Shell("exec yes");
  process->TakeOutput().Cancel();
  loop_.Run();
  EXPECT_FALSE(process->exit().value().ok());
}

TEST_F(ProcessTest, WritingToOneThatReadsNoMoreFails) {
  const ProcessPtr process = Shell("exit 0");
  Promise<absl::Status> written;
  auto after = process->exit().Then([&](const ExitStatus&) {
    written = AsStatusOr(process->Write(std::string(1 << 20, 'x')));
  });
  loop_.Run();
  EXPECT_EQ(written.value().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(after.settled());
}

TEST_F(ProcessTest, ADroppedProcessIsKilledAndWaitedFor) {
  ProcessPtr process = Shell("exec sleep 1000");
  const int pid = process->pid();
  const Promise<ExitStatus> exit = process->exit();
  process.reset();
  loop_.Run();
  EXPECT_EQ(exit.value().signal, SIGKILL);
  EXPECT_TRUE(Gone(pid));
}

TEST_F(ProcessTest, OneThatMayGoOnIsLeftAlone) {
  ProcessPtr process =
      Spawn({.program = "sleep", .args = {"1000"}, .kill_on_drop = false});
  const int pid = process->pid();
  const Promise<ExitStatus> exit = process->exit();
  process.reset();
  loop_.Run();  // does not wait for it
  EXPECT_FALSE(exit.settled());
  EXPECT_EQ(kill(pid, SIGTERM), 0);
  loop_.AddRef();
  auto waited = exit.Then([this](const ExitStatus&) { loop_.ReleaseRef(); });
  loop_.Run();
  EXPECT_EQ(exit.value().signal, SIGTERM);
  EXPECT_TRUE(waited.settled());
  EXPECT_TRUE(Gone(pid));
}

TEST(ProcessAtTheEndTest, TheLoopLeavesNone) {
  int pid;
  {
    EventLoop loop;
    auto process = Process::Spawn(
        loop, {.program = "sleep", .args = {"1000"}, .in = Stdio::kPipe});
    ASSERT_TRUE(process.ok()) << process.status();
    pid = (*process)->pid();
    static_cast<void>((*process)->Write("never read"));
  }
  EXPECT_TRUE(Gone(pid));
}

}  // namespace
}  // namespace millrace
