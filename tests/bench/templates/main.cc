// templates_bench [--smoke] [--write-cases DIR] [--benchmark_...]: what it
// takes to compile a template (compile), to render it from data that was read
// (render), from JSON (json) and from a Struct (struct). compare.mjs adds
// Handlebars, which gets the cases by --write-cases.
#include <benchmark/benchmark.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

#include "cases.h"
#include "services/templates/engine/document.h"
#include "services/templates/engine/program.h"
#include "services/templates/engine/renderer.h"

namespace millrace::bench {
namespace {

using templates::CompileOptions;
using templates::Document;
using templates::Program;
using templates::Renderer;
using templates::Syntax;

CompileOptions Options() {
  CompileOptions options;
  options.syntax = Syntax::kExtended;
  return options;
}

Program CompileOrDie(const Case& one) {
  auto program = Program::Compile(one.source, Options());
  if (program.ok()) return *std::move(program);
  std::fprintf(stderr, "%s\n", program.status().ToString().c_str());
  std::abort();
}

size_t RenderAll(const Program& program, const Document& data,
                 Renderer* renderer) {
  renderer->Start(program, data.root());
  for (;;) {
    const auto progress = renderer->Step(1'000'000);
    if (!progress.ok()) return 0;
    if (*progress == Renderer::Progress::kDone)
      return renderer->output().size();
  }
}

void Compile(benchmark::State& state, const Case& one) {
  const CompileOptions options = Options();
  for (auto _ : state) {
    if (!Program::Compile(one.source, options).ok()) {
      state.SkipWithError("does not compile");
    }
  }
}

void Render(benchmark::State& state, const Case& one) {
  const Program program = CompileOrDie(one);
  Document data;
  Renderer renderer;
  if (!data.ReadJson(one.json).ok()) return state.SkipWithError("no JSON");
  for (auto _ : state) {
    if (RenderAll(program, data, &renderer) == 0) {
      state.SkipWithError("does not render");
    }
  }
}

void FromJson(benchmark::State& state, const Case& one) {
  const Program program = CompileOrDie(one);
  Document data;
  Renderer renderer;
  for (auto _ : state) {
    if (!data.ReadJson(one.json).ok() ||
        RenderAll(program, data, &renderer) == 0) {
      state.SkipWithError("does not render");
    }
  }
}

void FromStruct(benchmark::State& state, const Case& one) {
  const Program program = CompileOrDie(one);
  google::protobuf::Struct message;
  if (!google::protobuf::util::JsonStringToMessage(one.json, &message).ok()) {
    return state.SkipWithError("no JSON");
  }
  Document data;
  Renderer renderer;
  for (auto _ : state) {
    if (!data.ReadMessage(message).ok() ||
        RenderAll(program, data, &renderer) == 0) {
      state.SkipWithError("does not render");
    }
  }
}

void Write(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

// NAME.hbs, NAME.json, and what is rendered: NAME.txt
int WriteCases(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const Case& one : MakeCases()) {
    Document data;
    if (!data.ReadJson(one.json).ok()) return 1;
    const auto text = Render(CompileOrDie(one), data);
    if (!text.ok()) return 1;
    Write(folder / (one.name + ".hbs"), one.source);
    Write(folder / (one.name + ".json"), one.json);
    Write(folder / (one.name + ".txt"), *text);
  }
  return 0;
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  using namespace millrace::bench;
  std::vector<char*> args(argv, argv + argc);
  char once[] = "--benchmark_min_time=0";
  if (argc > 2 && std::string_view(argv[1]) == "--write-cases") {
    return WriteCases(argv[2]);
  }
  if (argc > 1 && std::string_view(argv[1]) == "--smoke") args[1] = once;
  int count = static_cast<int>(args.size());
  benchmark::Initialize(&count, args.data());
  if (benchmark::ReportUnrecognizedArguments(count, args.data())) return 2;
  const std::vector<Case> cases = MakeCases();
  for (const Case& one : cases) {
    const auto add = [&](const char* what, auto run) {
      benchmark::RegisterBenchmark(
          (one.name + "/" + what).c_str(),
          [&one, run](benchmark::State& state) { run(state, one); });
    };
    add("json", FromJson);
    add("render", Render);
    add("compile", Compile);
    add("struct", FromStruct);
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
