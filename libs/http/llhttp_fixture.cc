#include "http/llhttp_fixture.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

namespace millrace::http {
namespace {

// The lines between "```lang" at `at` and the closing fence.
std::vector<std::string> Fenced(const std::vector<std::string>& lines,
                                size_t* at) {
  std::vector<std::string> block;
  for (++*at; *at < lines.size() && lines[*at] != "```"; ++*at) {
    block.push_back(lines[*at]);
  }
  return block;
}

// Lines are joined by CR LF, except behind a closing backslash; \r, \n, \t,
// \f and \xHH stand for bytes.
std::string Unescape(const std::vector<std::string>& lines) {
  std::string joined;
  for (size_t i = 0; i < lines.size(); ++i) {
    const bool glued = !lines[i].empty() && lines[i].back() == '\\';
    joined += glued ? lines[i].substr(0, lines[i].size() - 1) : lines[i];
    if (!glued && i + 1 < lines.size()) joined += "\r\n";
  }
  std::string out;
  for (size_t i = 0; i < joined.size(); ++i) {
    const char next = i + 1 < joined.size() ? joined[i + 1] : '\0';
    const std::string plain = "rntf";
    const size_t which = plain.find(next);
    if (joined[i] == '\\' && next != '\0' && which != std::string::npos) {
      out += "\r\n\t\f"[which];
      ++i;
    } else if (joined[i] == '\\' && next == 'x') {
      size_t used = 0;
      out += static_cast<char>(std::stoi(joined.substr(i + 2), &used, 16));
      i += 1 + used;
    } else {
      out += joined[i];
    }
  }
  return out;
}

// The log is UTF-8 with a character for each byte; the fixtures have one that
// is not ASCII.
std::string ToBytes(std::string text) {
  const std::string written = "\xc3\xbf";
  const size_t at = text.find(written);
  return at == std::string::npos ? text : text.replace(at, 2, "\xff");
}

void ReadLog(const std::vector<std::string>& log, Fixture* fixture) {
  static const std::regex span(
      "off=\\d+ len=\\d+ span\\[(\\w+)\\]=(?:\"(.*)\"|(cr|lf))");
  bool new_field = true;
  for (const std::string& line : log) {
    std::smatch match;
    if (line.find("message begin") != std::string::npos) {
      fixture->messages.emplace_back();
      new_field = true;
    } else if (line.find(" error code=") != std::string::npos) {
      fixture->fails = true;
    } else if (fixture->messages.empty()) {
      continue;
    } else if (line.find("message complete") != std::string::npos) {
      fixture->messages.back().complete = true;
    } else if (line.find("header_value complete") != std::string::npos) {
      new_field = true;
    } else if (std::regex_match(line, match, span)) {
      FixtureMessage& message = fixture->messages.back();
      const std::string kind = match[1];
      const std::string text = match[3].matched
                                   ? (match[3] == "cr" ? "\r" : "\n")
                                   : ToBytes(Unescape({match[2].str()}));
      if (kind == "method") message.method += text;
      if (kind == "url") message.target += text;
      if (kind == "body") message.body += text;
      if (kind == "header_field") {
        if (new_field) message.fields.emplace_back();
        new_field = false;
        message.fields.back().first += text;
      }
      if (kind == "header_value" && !message.fields.empty()) {
        message.fields.back().second += text;
      }
    }
  }
}

}  // namespace

std::vector<Fixture> ReadFixtures(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);

  static const std::regex type("\"type\"\\s*:\\s*\"([^\"]+)\"");
  const std::string stem = std::filesystem::path(path).filename().string();
  std::vector<Fixture> fixtures;
  std::string title;
  for (size_t i = 0; i < lines.size(); ++i) {
    std::smatch match;
    if (lines[i].starts_with("#")) {
      title = lines[i].substr(lines[i].find_first_not_of("# "));
    } else if (std::regex_search(lines[i], match, type)) {
      Fixture fixture;
      fixture.name = stem + ": " + title;
      fixture.type = match[1];
      if (lines[i].find("\"pause\"") != std::string::npos) {
        fixture.type += "-pause";
      }
      if (lines[i].find("\"skipBody\"") != std::string::npos) {
        fixture.type += "-skip-body";
      }
      fixtures.push_back(fixture);
    } else if (lines[i] == "```http" && !fixtures.empty()) {
      fixtures.back().input = Unescape(Fenced(lines, &i));
    } else if (lines[i] == "```log" && !fixtures.empty()) {
      ReadLog(Fenced(lines, &i), &fixtures.back());
    }
  }
  return fixtures;
}

}  // namespace millrace::http
