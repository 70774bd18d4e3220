#include "tests/soak/soak.h"

#include <algorithm>

#include "base/status.h"
#include "base/strings.h"
#include "loop/testing/resident_bytes.h"

namespace millrace::soak {
namespace {

constexpr int kBatch = 200;
// So that what is under way is bounded, and memory with it.
constexpr int64_t kMaxLive = 20'000;
constexpr size_t kMaxProblems = 20;

// Does the operations, batch by batch, from callbacks of all kinds.
class Driver {
 public:
  Driver(Soak& soak, uint64_t operations) : soak_(soak), wanted_(operations) {
    for (const auto make :
         {&TimingOperations, &PromiseOperations, &EmitterOperations,
          &ThreadOperations, &SocketOperations}) {
      for (Weighted& one : make(soak)) {
        total_weight_ += one.weight;
        kinds_.push_back({std::move(one), 0});
      }
    }
  }

  void Drive() {
    for (int i = 0; i < kBatch && done_ < wanted_; ++i) {
      if (soak_.live() >= kMaxLive) break;
      Kind& kind = Choose();
      kind.one.operations->Step();
      ++kind.count;
      if (++done_ == wanted_ / 10) early_rss_ = ResidentBytes();
    }
    if (done_ == wanted_) {
      final_rss_ = ResidentBytes();
      for (Kind& kind : kinds_) kind.one.operations->Finish();
    } else if (soak_.live() >= kMaxLive) {
      soak_.loop().SetImmediate([this] { Drive(); });
    } else {
      soak_.Later([this] { Drive(); });
    }
  }

  void Fill(Report* report) const {
    for (const Kind& kind : kinds_) {
      report->operations.emplace_back(kind.one.operations->name(), kind.count);
    }
    report->early_rss = early_rss_;
    report->final_rss = final_rss_;
  }

 private:
  struct Kind {
    Weighted one;
    uint64_t count;
  };

  Kind& Choose() {
    uint32_t at = soak_.Below(total_weight_);
    for (Kind& kind : kinds_) {
      if (at < kind.one.weight) return kind;
      at -= kind.one.weight;
    }
    return kinds_.back();
  }

  Soak& soak_;
  const uint64_t wanted_;
  std::vector<Kind> kinds_;
  uint32_t total_weight_ = 0;
  uint64_t done_ = 0;
  size_t early_rss_ = 0;
  size_t final_rss_ = 0;
};

}  // namespace

size_t Report::allowed_rss() const {
  return std::max<size_t>(early_rss / 10, 8 << 20);
}

void Soak::Later(Task task) {
  switch (Below(8)) {
    case 0:
    case 1:
      return loop_.NextTick(std::move(task));
    case 2:
    case 3:
      return loop_.QueueMicrotask(std::move(task));
    case 4:
      loop_.SetTimeout(absl::Milliseconds(1 + Below(3)), std::move(task));
      return;
    default:
      loop_.SetImmediate(std::move(task));
  }
}

Promise<Token> Soak::Soon(bool fail) {
  const Deferred<Token> result;
  if (fail) {
    Later([result, token = token()] {
      result.Reject(absl::DataLossError("as wanted"));
    });
  } else {
    Later([result, token = token()] { result.Resolve(token); });
  }
  return result.promise();
}

void Soak::Problem(std::string text) {
  if (problems_.size() < kMaxProblems) problems_.push_back(std::move(text));
}

Report RunSoak(const Options& options) {
  Report report;
  EventLoop loop;
  Soak soak(loop, options.seed);
  loop.OnUncaught([&soak](std::exception_ptr error) {
    soak.Problem(StrCat("uncaught: ", StatusFrom(error).ToString()));
  });
  loop.OnUnhandledRejection([&soak](std::exception_ptr error) {
    soak.Problem(StrCat("unhandled: ", StatusFrom(error).ToString()));
  });
  {
    Driver driver(soak, options.operations);
    loop.SetImmediate([&driver] { driver.Drive(); });
    loop.Run();
    driver.Fill(&report);
  }
  if (loop.alive()) soak.Problem("the loop is still alive");
  report.turns = loop.turns();
  report.begun = soak.begun();
  report.ended = soak.ended();
  report.live = soak.live();
  report.problems = soak.problems();
  return report;
}

}  // namespace millrace::soak
