// Reads the request fixtures of the llhttp project: Markdown with a request
// and the events that a parser is to report for it. For tests.
#ifndef MILLRACE_HTTP_LLHTTP_FIXTURE_H_
#define MILLRACE_HTTP_LLHTTP_FIXTURE_H_

#include <string>
#include <utility>
#include <vector>

namespace millrace::http {

struct FixtureMessage {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  bool complete = false;

  bool operator==(const FixtureMessage&) const = default;
};

struct Fixture {
  std::string name;   // "content-length.md: Error on duplicate ..."
  std::string type;   // "request", "request-lenient-headers", ...
  std::string input;  // the bytes
  std::vector<FixtureMessage> messages;
  bool fails = false;
};

// All fixtures of one file.
std::vector<Fixture> ReadFixtures(const std::string& path);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_LLHTTP_FIXTURE_H_
