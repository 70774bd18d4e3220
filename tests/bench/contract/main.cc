// contract_bench [--smoke] [--benchmark_...]: what it takes to validate a good
// message, and to find everything that is wrong with a bad one, by the
// generated validator, by hand and by reflection. The three take turns in
// random order; printed are the medians and their ratios. Goal: a good message
// in 1.2 times what hand-written checks take.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "contract/testing/reflection_rules.h"
#include "golden/rules.millrace.h"
#include "hand_written.h"
#include "users/v1/users.millrace.h"

namespace millrace::bench {
namespace {

golden::Address MakeAddress() {
  golden::Address address;
  address.set_street("Main Street 1");
  address.set_zip("10115");
  return address;
}

golden::Person GoodPerson() {
  golden::Person person;
  person.set_id("018f3c5e-7b1a-7c3d-9a52-0f1e2d3c4b5a");
  person.set_email("ada.lovelace@example.org");
  person.set_nickname("Ada");
  person.set_picture("12345");
  person.set_age(36);
  person.set_ratio(0.75);
  person.set_shoe(38);
  person.set_size("small");
  person.set_colour(golden::COLOUR_RED);
  person.set_accepted(true);
  *person.mutable_home() = MakeAddress();
  *person.add_others() = MakeAddress();
  person.add_tags("a");
  person.add_tags("b");
  person.add_numbers(1);
  person.add_numbers(2);
  (*person.mutable_places())["here"] = MakeAddress();
  person.set_phone("+4930123456");
  return person;
}

// Several things are wrong.
golden::Person BadPerson() {
  golden::Person person = GoodPerson();
  person.set_id("1");
  person.set_email("nobody");
  person.set_age(200);
  person.mutable_home()->set_zip("x");
  person.add_tags("b");
  return person;
}

users::v1::CreateUserRequest GoodRequest() {
  users::v1::CreateUserRequest request;
  request.set_email("ada.lovelace@example.org");
  request.set_display_name("Ada Lovelace");
  request.set_locale("en-GB");
  return request;
}

users::v1::CreateUserRequest BadRequest() {
  users::v1::CreateUserRequest request;
  request.set_email("nobody");
  request.set_locale("?");
  return request;
}

// Each says whether the message is good.
bool ByHand(const golden::Person& person) {
  Problems problems;
  CheckByHand(person, "", &problems);
  return problems.empty();
}
bool ByHand(const users::v1::CreateUserRequest& request) {
  Problems problems;
  CheckByHand(request, &problems);
  return problems.empty();
}
template <typename M>
bool Generated(const M& message) {
  rules::Found found;
  Check(message, rules::Path(), found);
  return found.ok();
}
template <typename M>
bool ByReflection(const M& message) {
  rules::Found found;
  rules::CheckByReflection(message, rules::Path(), found);
  return found.ok();
}

template <typename M>
void Add(const std::string& name, const M& message, bool good,
         bool (*validate)(const M&)) {
  benchmark::RegisterBenchmark(
      name.c_str(), [message, good, validate](benchmark::State& state) {
        bool ok = good;
        for (auto _ : state) ok = validate(message);
        if (ok != good) state.SkipWithError("the verdict is wrong");
      });
}

template <typename M>
void Register(const std::string& name, const M& message, bool good) {
  Add<M>(name + "/generated", message, good, Generated);
  Add<M>(name + "/hand", message, good, ByHand);
  Add<M>(name + "/reflection", message, good, ByReflection);
}

// Prints the ratios of the medians at the end.
class Ratios final : public benchmark::ConsoleReporter {
 public:
  Ratios() : ConsoleReporter(OO_None) {}
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      failed_ |= run.error_occurred;
      if (run.aggregate_name != "median" && !once_) continue;
      const std::string name = run.run_name.function_name;
      const size_t slash = name.find('/');
      medians_[name.substr(0, slash)][name.substr(slash + 1)] =
          run.GetAdjustedCPUTime();
    }
  }
  void Print() const {
    std::printf("\n%-14s %16s %20s\n", "message", "generated/hand",
                "reflection/generated");
    for (const auto& [name, times] : medians_) {
      std::printf("%-14s %16.2f %20.1f\n", name.c_str(),
                  times.at("generated") / times.at("hand"),
                  times.at("reflection") / times.at("generated"));
    }
  }
  bool failed() const { return failed_; }
  void set_once() { once_ = true; }

 private:
  bool failed_ = false;
  bool once_ = false;
  std::map<std::string, std::map<std::string, double>> medians_;
};

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  using namespace millrace::bench;
  Ratios reporter;
  char smoke[] = "--benchmark_min_time=0";
  char repeats[] = "--benchmark_repetitions=9";
  char interleaved[] = "--benchmark_enable_random_interleaving=true";
  char medians[] = "--benchmark_report_aggregates_only=true";
  std::vector<char*> args(argv, argv + argc);
  if (argc > 1 && std::string_view(argv[1]) == "--smoke") {
    args[1] = smoke;
    reporter.set_once();
  } else {
    args.insert(args.begin() + 1, {repeats, interleaved, medians});
  }
  int count = static_cast<int>(args.size());
  benchmark::Initialize(&count, args.data());
  if (benchmark::ReportUnrecognizedArguments(count, args.data())) return 2;
  Register("request", GoodRequest(), true);
  Register("bad_request", BadRequest(), false);
  Register("person", GoodPerson(), true);
  Register("bad_person", BadPerson(), false);
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.Print();
  benchmark::Shutdown();
  return reporter.failed() ? 1 : 0;
}
