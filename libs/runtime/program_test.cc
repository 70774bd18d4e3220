// The whole program: flags, the ready line, signals and exit codes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <thread>

#include "base/strings.h"
#include "runtime/program_run.h"

namespace millrace::runtime {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(ProgramTest, SaysReadyAndAHintThenEndsCleanly) {
  for (const int signum : {SIGTERM, SIGINT}) {
    Program program(Flags());
    program.Ready();
    EXPECT_EQ(program.Line(), StrCat("try http://127.0.0.1:", program.http,
                                     " or 127.0.0.1:", program.grpc));
    EXPECT_THAT(Greet(program, "Ada"), HasSubstr("hello Ada"));
    program.Signal(signum);
    const int status = program.Wait();
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
        << status << program.Errors();
    EXPECT_EQ(program.Line(), "");
  }
}

TEST_F(ProgramTest, CallInFlightIsFinishedBeforeTheEnd) {
  Program program(Flags());
  program.Ready();
  auto answer = GreetLater(program, "slow");
  program.Signal(SIGTERM);
  EXPECT_THAT(answer.get(),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("hello slow")));
  const int status = program.Wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << status << program.Errors();
}

// It ends all the same, and says what was left open.
TEST_F(ProgramTest, WhatAModuleLeavesOpenIsNamedAtTheEnd) {
  Program program(Flags());
  program.Ready();
  EXPECT_THAT(Greet(program, "forgetful"), HasSubstr("hello forgetful"));
  program.Signal(SIGTERM);
  const int status = program.Wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << status << program.Errors();
  EXPECT_THAT(
      program.Errors(),
      testing::ContainsRegex("\"msg\":\"the loop still has something open\".*"
                             "\"kind\":\"timer\",\"count\":1,"
                             "\"detail\":\"3600000 ms\""));
}

TEST_F(ProgramTest, TailDoesNotHoldUpTheEnd) {
  Program program(Flags({"--set", "drain_timeout=2s"}));
  program.Ready();
  auto tail = std::async(std::launch::async, [&program] {
    return HttpExchange(program.http, "POST", "/millrace.v1.BusService/Tail",
                        "{\"follow\":true}", "text/event-stream");
  });
  while (HttpExchange(program.http, "GET", "/metrics")
             .find("millrace_calls_in_flight 1\n") == std::string::npos) {
    std::this_thread::yield();
  }
  program.Signal(SIGTERM);
  const int status = program.Wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << status << program.Errors();
  EXPECT_THAT(tail.get(), HasSubstr("this process ends"));
}

TEST_F(ProgramTest, DrainIsBounded) {
  Program program(Flags({"--set", "drain_timeout=300ms"}));
  program.Ready();
  auto answer = GreetLater(program, "forever");
  program.Signal(SIGTERM);
  const int status = program.Wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
  EXPECT_THAT(program.Errors(),
              HasSubstr("not finished within drain_timeout, 300ms: handlers"));
  answer.get();
}

TEST_F(ProgramTest, SecondSignalEndsAtOnce) {
  Program program(Flags({"--set", "drain_timeout=10m"}));
  program.Ready();
  auto answer = GreetLater(program, "forever");
  program.Signal(SIGTERM);
  while (program.Errors().find("\"msg\":\"draining\"") == std::string::npos) {
    std::this_thread::yield();
  }
  program.Signal(SIGTERM);
  const int status = program.Wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
  answer.get();
}

// A loop that is stuck hears of no signal, and is ended all the same.
TEST_F(ProgramTest, SecondSignalEndsAtOnceWhileTheLoopIsStuck) {
  Program program(Flags());
  program.Ready();
  auto answer = std::async(std::launch::async,
                           [&program] { return Greet(program, "stuck"); });
  ASSERT_TRUE(program.Says("a callback blocks the loop"));
  program.Signal(SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(waitpid(program.pid(), nullptr, WNOHANG), 0);
  program.Signal(SIGTERM);
  const int status = program.Wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
  answer.get();
}

TEST_F(ProgramTest, SignalWhileSomethingIsMissingEndsCleanly) {
  Program program(Flags(
      {"--set", "databases.greeter.url=postgresql://u@127.0.0.1:1/greeter"}));
  while (program.Errors().find("a need is missing") == std::string::npos) {
    std::this_thread::yield();
  }
  program.Signal(SIGTERM);
  const int status = program.Wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << status << program.Errors();
  EXPECT_EQ(program.Line(), "");
}

TEST_F(ProgramTest, StartsAgainAfterAKill) {
  Program first(Flags());
  first.Ready();
  EXPECT_THAT(Greet(first, "Ada"), HasSubstr("hello Ada"));
  first.Signal(SIGKILL);
  EXPECT_TRUE(WIFSIGNALED(first.Wait()));
  Program second(Flags());
  second.Ready();
  EXPECT_THAT(Greet(second, "Grace"), HasSubstr("hello Grace"));
}

TEST_F(ProgramTest, OutputThatIsLostIsAnError) {
  for (const char* flag : {"--help", "--print-config", "--check-config"}) {
    Program program({"-c", StrCat("exec " MILLRACE_SAMPLE_PROGRAM " ", flag,
                                  " > /dev/full")},
                    "/bin/sh");
    const int status = program.Wait();
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
    EXPECT_THAT(program.Errors(), HasSubstr("cannot write the output: "));
  }
}

TEST_F(ProgramTest, NeedOfAnotherProcess) {
  Program greeter(Flags({"--services", "greeter"}));
  greeter.Ready();
  Program choir({"--http-port", "0", "--grpc-port", "0", "--data",
                 dir_ / "other", "--services", "choir", "--set",
                 StrCat("remote.sample=127.0.0.1:", greeter.grpc)});
  choir.Ready();
  EXPECT_THAT(HttpExchange(choir.http, "POST", "/sample.v1.ChoirService/Sing",
                           "{\"name\":\"Ada\"}"),
              HasSubstr("la hello Ada"));
  greeter.Signal(SIGTERM);
  greeter.Wait();
  EXPECT_THAT(HttpExchange(choir.http, "POST", "/sample.v1.ChoirService/Sing",
                           "{\"name\":\"Ada\"}"),
              StartsWith("HTTP/1.1 503 "));
  choir.Signal(SIGTERM);
  const int status = choir.Wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << status << choir.Errors();
}

TEST_F(ProgramTest, SeveralLoopsServeFollowAndEndCleanly) {
  Program program(Flags({"--loops", "3", "--set", "drain_timeout=2s"}));
  program.Ready();
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(Greet(program, StrCat("guest ", i)),
                HasSubstr(StrCat("hello guest ", i)));
  }
  // Connections enough to be on all loops.
  std::vector<std::future<std::string>> tails;
  for (int i = 0; i < 12; ++i) {
    tails.push_back(std::async(std::launch::async, [&program] {
      return HttpExchange(program.http, "POST", "/millrace.v1.BusService/Tail",
                          R"({"follow":true,"fromBeginning":true})",
                          "text/event-stream");
    }));
  }
  while (HttpExchange(program.http, "GET", "/metrics")
             .find("millrace_calls_in_flight 12\n") == std::string::npos) {
    std::this_thread::yield();
  }
  program.Signal(SIGTERM);
  const int status = program.Wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << status << program.Errors();
  for (auto& tail : tails) {
    EXPECT_THAT(tail.get(), HasSubstr("this process ends"));
  }
}

TEST_F(ProgramTest, DrainOfSeveralLoopsIsBounded) {
  Program program(Flags({"--loops", "2", "--set", "drain_timeout=300ms"}));
  program.Ready();
  std::vector<std::future<std::string>> calls;
  for (int i = 0; i < 8; ++i) {
    calls.push_back(std::async(
        std::launch::async, [&program] { return Greet(program, "forever"); }));
  }
  while (HttpExchange(program.http, "GET", "/metrics")
             .find("millrace_calls_in_flight 8\n") == std::string::npos) {
    std::this_thread::yield();
  }
  program.Signal(SIGTERM);
  const int status = program.Wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
  EXPECT_THAT(program.Errors(),
              HasSubstr("not finished within drain_timeout, 300ms: "));
}

// The ports that loops share are no other process's.
TEST_F(ProgramTest, SharedPortsAreOneProcesss) {
  Program running(Flags({"--loops", "2"}));
  running.Ready();
  const std::map<std::string, int> ports = {{"--http-port", running.http},
                                            {"--grpc-port", running.grpc}};
  for (const auto& [flag, port] : ports) {
    std::vector<std::string> flags = {"--loops", "2", "--data", dir_ / "other"};
    for (const char* each : {"--http-port", "--grpc-port"}) {
      flags.push_back(each);
      flags.push_back(each == flag ? StrCat(port) : "0");
    }
    Program second(flags);
    const int status = second.Wait();
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
    EXPECT_THAT(second.Errors(),
                AllOf(HasSubstr(StrCat(port)), HasSubstr(flag)));
  }
}

TEST_F(ProgramTest, MistakesEndTheStartWithOneLineEach) {
  const auto errors_of = [](std::vector<std::string> flags) {
    Program program(std::move(flags));
    const int status = program.Wait();
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
    EXPECT_EQ(program.Line(), "");
    return program.Errors();
  };
  const std::string name = StrCat(MILLRACE_SAMPLE_PROGRAM, ": ");
  EXPECT_EQ(errors_of({"--htpp-port", "1"}),
            name + "unknown flag '--htpp-port'; did you mean '--http-port'?\n");
  EXPECT_EQ(
      errors_of({"--set", "htpp.port=1", "--http-port", "99999"}),
      StrCat(name,
             "--set htpp.port: unknown key 'htpp'; did you mean "
             "'http'?\n",
             name, "--http-port: http.port must be 0 to 65535, not 99999\n"));
  EXPECT_EQ(errors_of(Flags({"--services", "choir"})),
            name +
                "choir needs sample.v1.GreeterService, which no module of this "
                "process provides; say where it is: set it with --set "
                "remote.sample=... or MILLRACE_REMOTE_SAMPLE\n");

  Program running(Flags());
  running.Ready();
  EXPECT_THAT(errors_of({"--http-port", StrCat(running.http), "--grpc-port",
                         "0", "--data", dir_ / "other"}),
              AllOf(HasSubstr(name), HasSubstr(StrCat(running.http)),
                    HasSubstr("--http-port")));
  EXPECT_THAT(errors_of({"--http-port", "0", "--grpc-port",
                         StrCat(running.grpc), "--data", dir_ / "other"}),
              AllOf(HasSubstr(name), HasSubstr(StrCat(running.grpc)),
                    HasSubstr("--grpc-port")));
}

TEST_F(ProgramTest, CheckConfigStartsNothing) {
  Program program(Flags({"--check-config"}));
  EXPECT_EQ(program.Line(), "the configuration is valid");
  EXPECT_EQ(program.Wait(), 0);
  EXPECT_NE(access((dir_ / "data").c_str(), F_OK), 0);
}

}  // namespace
}  // namespace millrace::runtime
