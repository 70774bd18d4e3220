// What is rendered: three templates that Handlebars and the engine read alike,
// each with its data.
//
//   rows_12    a table of 12 rows
//   rows_1000  the same of 1,000
//   mail       a mail with sections in sections and an address in each
//
// The data has what must be escaped, of those characters that both escape
// alike. The same in every run.
#ifndef MILLRACE_TESTS_BENCH_TEMPLATES_CASES_H_
#define MILLRACE_TESTS_BENCH_TEMPLATES_CASES_H_

#include <string>
#include <vector>

namespace millrace::bench {

struct Case {
  std::string name;
  std::string source;  // syntax 2
  std::string json;
};

std::vector<Case> MakeCases();

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_TEMPLATES_CASES_H_
