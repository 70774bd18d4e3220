// Rendering in slices, and programs that are shared.
#include "services/templates/rendering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/strings.h"
#include "loop/worker_pool.h"
#include "services/templates/templates_suite.h"

namespace millrace::templates {
namespace {

using absl::StatusCode;

// A section over a list, `levels` times in itself: 10^levels.
std::string Nested(int levels) {
  std::string body = "x";
  for (int i = 0; i < levels; ++i) body = StrCat("{{#l}}", body, "{{/l}}");
  return body;
}

google::protobuf::Struct Ten() {
  google::protobuf::Struct data;
  auto& list = *(*data.mutable_fields())["l"].mutable_list_value();
  for (int i = 0; i < 10; ++i) list.add_values()->set_bool_value(true);
  return data;
}

class RenderingTest : public testing::ServiceTest {
 protected:
  RenderingTest() : ServiceTest("templates", TemplatesMigrations()) {}
  ~RenderingTest() override {
    EXPECT_EQ(Await(database_->Close()), absl::OkStatus());
  }

  CompiledTemplate Compile(const std::string& body,
                           const std::string& content_type = kHtml) {
    TemplateVersion version;
    version.name = "page";
    version.content_type = content_type;
    version.body = body;
    return *Await(database_->Read([&](store::Tx& tx) {
      return ValueOrThrow(CompiledTemplate::Compile(tx, version, programs_));
    }));
  }

  // How many jobs of the pool it takes.
  int SlicesOf(const std::string& body, RenderPace pace, std::string* text) {
    const CompiledTemplate compiled = Compile(body);
    const size_t before = JobsRun();
    *text = *Await(RenderInSlices(loop_, compiled, Ten(), {}, pace));
    return static_cast<int>(JobsRun() - before);
  }

  size_t JobsRun() { return loop_.workers().run_times().count(); }

  ProgramCache programs_;
};

TEST_F(RenderingTest, IsForARecipientAsItsContentTypeSays) {
  const auto data = ToData({.email = "a@b.org", .display_name = "A & B"});
  const std::string body = "Hi {{display_name}} ({{email}})";
  const CompiledTemplate html = Compile(body);
  EXPECT_EQ(*html.Render(data), "Hi A &amp; B (a@b.org)");
  EXPECT_EQ(html.version().body, "");
  EXPECT_EQ(html.bytes(), body.size());
  EXPECT_EQ(*Compile(body, kPlain).Render(data), "Hi A & B (a@b.org)");
}

TEST(CheckBody, TellsWhatIsWrongWithTheBodyItself) {
  TemplateVersion version;
  version.body = "{{x";
  EXPECT_EQ(CheckBody(version).code(), StatusCode::kInvalidArgument);
  version.body = "{{>nowhere}}{{{x}}}";
  EXPECT_EQ(CheckBody(version), absl::OkStatus());
}

TEST_F(RenderingTest, WhatIsSmallIsDoneAtOnce) {
  const CompiledTemplate compiled = Compile(Nested(2));
  const size_t before = JobsRun();
  const auto text = RenderInSlices(loop_, compiled, Ten());
  EXPECT_EQ(*Await(text), std::string(100, 'x'));
  EXPECT_EQ(JobsRun(), before);
}

// As many jobs as steps make slices: the loop does `loop_steps` of them, and
// each job `slice_steps`.
TEST_F(RenderingTest, WhatIsLargeIsCutByItsSteps) {
  std::string text;
  const int coarse =
      SlicesOf(Nested(3), {.loop_steps = 100, .slice_steps = 500}, &text);
  EXPECT_EQ(text, std::string(1000, 'x'));
  const int fine =
      SlicesOf(Nested(3), {.loop_steps = 100, .slice_steps = 50}, &text);
  EXPECT_EQ(text, std::string(1000, 'x'));
  EXPECT_GE(coarse, 2);
  EXPECT_GE(fine, 10 * coarse - 10);
  EXPECT_LE(fine, 10 * coarse);
}

// Ten to the twelve steps are past every bound: had it gone on, that would be
// the error.
TEST_F(RenderingTest, AnAbortEndsItAtTheNextSlice) {
  const AbortController controller;
  const CompiledTemplate compiled = Compile(Nested(12));
  const size_t before = JobsRun();
  const auto text = RenderInSlices(loop_, compiled, Ten(), controller.signal(),
                                   {.loop_steps = 10, .slice_steps = 10});
  // Two turns of the loop, then it is given up.
  loop_.SetImmediate([&] {
    loop_.SetImmediate(
        [&] { controller.Abort(absl::DeadlineExceededError("too late")); });
  });
  EXPECT_EQ(Await(text).status(), absl::DeadlineExceededError("too late"));
  // A million steps would have been 100,000 jobs.
  EXPECT_LT(JobsRun() - before, 1000u);
}

TEST_F(RenderingTest, NothingBeginsForWhoIsGone) {
  const AbortController controller;
  controller.Abort(absl::CancelledError("gone"));
  EXPECT_EQ(
      Await(RenderInSlices(loop_, Compile("x"), Ten(), controller.signal()))
          .status(),
      absl::CancelledError("gone"));
}

TEST_F(RenderingTest, BoundsHoldOverAllSlices) {
  EXPECT_EQ(Await(RenderInSlices(loop_, Compile(Nested(12)), Ten(), {},
                                 {.loop_steps = 7, .slice_steps = 50'000}))
                .status()
                .code(),
            StatusCode::kResourceExhausted);
}

// Others are served while it goes on: between two of its slices the loop makes
// a turn at least.
TEST_F(RenderingTest, TheLoopTurnsWhileItIsRendered) {
  int turns = 0;
  bool done = false;
  std::function<void()> turn = [&] {
    ++turns;
    if (!done) loop_.SetImmediate([&] { turn(); });
  };
  loop_.SetImmediate([&] { turn(); });
  const size_t before = JobsRun();
  const auto text = RenderInSlices(loop_, Compile(Nested(3)), Ten(), {},
                                   {.loop_steps = 10, .slice_steps = 100})
                        .Then([&](const std::string&) { done = true; });
  EXPECT_EQ(Await(text), absl::OkStatus());
  EXPECT_GE(turns, static_cast<int>(JobsRun() - before));
}

TEST_F(RenderingTest, ProgramsAreSharedByTheirContent) {
  const CompiledTemplate one = Compile("Hi {{name}}");
  const CompiledTemplate same = Compile("Hi {{name}}");
  const CompiledTemplate another = Compile("Hi {{name}}!");
  EXPECT_EQ(&one.program(), &same.program());
  EXPECT_NE(&one.program(), &another.program());
  EXPECT_EQ(programs_.size(), 2u);
}

using Sources = std::map<std::string, std::string, std::less<>>;

CompileOptions Named(const std::string& name) {
  CompileOptions options;
  options.name = name;
  return options;
}

TEST(ProgramCache, ComparesPartialsAndWhatElseCounts) {
  ProgramCache programs;
  const PartialMap first(Sources{{"p", "one"}});
  const PartialMap second(Sources{{"p", "two"}});
  const CompileOptions options = Named("page");
  const auto one = programs.Compile("{{>p}}", options, first);
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(*programs.Compile("{{>p}}", options, first), *one);
  EXPECT_NE(*programs.Compile("{{>p}}", options, second), *one);
  EXPECT_NE(*programs.Compile("{{>p}}", options, PartialMap()), *one);
  EXPECT_NE(*programs.Compile("{{>p}}", Named("other"), first), *one);
  CompileOptions plain = options;
  plain.escaping = Escaping::kNone;
  EXPECT_NE(*programs.Compile("{{>p}}", plain, first), *one);
  CompileOptions extended = options;
  extended.syntax = Syntax::kExtended;
  EXPECT_NE(*programs.Compile("{{>p}}", extended, first), *one);
  EXPECT_FALSE(programs.Compile("{{#p}}", options, first).ok());
  EXPECT_EQ(programs.size(), 6u);
}

TEST(ProgramCache, ComparesWhatDynamicNamesMayChoose) {
  ProgramCache programs;
  const CompileOptions options = Named("page");
  const auto one =
      programs.Compile("{{>*n}}", options, PartialMap(Sources{{"p", "1"}}));
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(
      *programs.Compile("{{>*n}}", options, PartialMap(Sources{{"p", "1"}})),
      *one);
  EXPECT_NE(*programs.Compile("{{>*n}}", options,
                              PartialMap(Sources{{"p", "1"}, {"q", "2"}})),
            *one);
  EXPECT_NE(*programs.Compile("{{>*n}}", options, PartialMap()), *one);
}

TEST(ProgramCache, IsBounded) {
  ProgramCache programs({.max_programs = 2, .max_bytes = 10});
  const auto compile = [&](const char* source) {
    return *programs.Compile(source, Named("page"), PartialMap());
  };
  const auto a = compile("a");
  compile("b");
  EXPECT_EQ(compile("a"), a);
  compile("c");  // in place of b
  EXPECT_EQ(compile("a"), a);
  EXPECT_EQ(programs.size(), 2u);
  compile("0123456789");
  EXPECT_EQ(programs.size(), 1u);
  EXPECT_EQ(programs.bytes(), 10u);
}

TEST(ProgramCache, IsSharedByThreads) {
  ProgramCache programs({.max_programs = 3, .max_bytes = 1000});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&programs] {
      for (int i = 0; i < 500; ++i) {
        const std::string source = StrCat("text ", i % 5);
        const auto program =
            programs.Compile(source, Named("page"), PartialMap());
        ASSERT_TRUE(program.ok());
        EXPECT_TRUE((*program)->IsOf(source, Named("page"), PartialMap()));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(programs.size(), 3u);
}

}  // namespace
}  // namespace millrace::templates
