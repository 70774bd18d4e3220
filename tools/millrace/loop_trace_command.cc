#include "tools/millrace/loop_trace_command.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>

#include "rpc/engine.h"
#include "tools/millrace/loop_trace.h"

namespace millrace::cli {
namespace {

struct TraceFlags {
  std::string path = "-";
  bool lines = false;
  std::string poll_source = "uv";
};

// SCALE in the environment multiplies the scenario's times.
LoopTraceOptions OptionsFor(const TraceFlags& flags) {
  LoopTraceOptions options;
  if (const char* scale = std::getenv("SCALE")) {
    options.scale = std::max(1.0, std::atof(scale));
  }
  if (flags.poll_source == "grpc") {
    options.prepare = [](EventLoop& loop) {
      return std::make_shared<rpc::Engine>(loop, rpc::Engine::Sleep::kAlways);
    };
  }
  return options;
}

int TraceAll(const TraceFlags& flags) {
  std::ifstream file;
  if (flags.path != "-") {
    std::error_code error;
    const bool folder = std::filesystem::is_directory(flags.path, error);
    if (!folder) file.open(flags.path);
    if (folder || !file) {
      std::cerr << "millrace loop-trace: cannot read " << flags.path
                << (folder ? ": it is a folder\n" : "\n");
      return 2;
    }
  }
  std::istream& in = flags.path == "-" ? std::cin : file;
  const LoopTraceOptions options = OptionsFor(flags);
  if (!flags.lines) {
    const std::string json(std::istreambuf_iterator<char>(in), {});
    return RunLoopTrace(json, std::cout, options);
  }
  int code = 0;
  for (std::string line; code == 0 && std::getline(in, line);) {
    code = RunLoopTrace(line, std::cout, options);
    std::cout.flush();
  }
  return code;
}

}  // namespace

void AddLoopTrace(CLI::App* app, int* code) {
  auto flags = std::make_shared<TraceFlags>();
  CLI::App* trace = app->add_subcommand(
      "loop-trace", "Run a scheduling scenario on an event loop");
  trace->add_option("FILE", flags->path, "Its JSON, or - for standard input")
      ->capture_default_str();
  trace->add_flag("--lines", flags->lines, "A scenario on each line, in turn");
  trace
      ->add_option("--poll-source", flags->poll_source,
                   "What the loop sleeps in: libuv, or gRPC's queue")
      ->check(CLI::IsMember({"uv", "grpc"}))
      ->capture_default_str();
  trace->callback([flags, code] { *code = TraceAll(*flags); });
}

}  // namespace millrace::cli
