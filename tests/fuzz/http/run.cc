#include "tests/fuzz/http/run.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "http/parser.h"
#include "http/request_rules.h"
#include "http/router.h"
#include "http/url.h"
#include "loop/event_loop.h"

namespace millrace::http {
namespace {

using fuzz::Demand;

// Small, so that inputs reach them.
const ParserLimits kLimits = {.max_request_line_bytes = 256,
                              .max_header_bytes = 1024,
                              .max_headers = 8,
                              .max_body_bytes = 512};
// As far as requests of one connection are followed.
constexpr size_t kMostRequests = 32;

// A request as text, so that two can be compared.
std::string Described(const RequestHead& head, std::string_view body) {
  std::string text =
      StrCat(head.method, "|", head.target, "|", head.minor_version,
             head.keep_alive, head.expects_continue, head.has_body);
  for (const auto [name, value] : head.headers) {
    StrAppend(&text, "|", name, "=", value);
  }
  return StrCat(text, "|", body);
}

void CheckHead(const RequestHead& head) {
  Demand(!head.method.empty() && !head.target.empty(),
         "a request has a method and a target");
  Demand(head.headers.size() <= kLimits.max_headers, "fields are counted");
  size_t lengths = 0, codings = 0, hosts = 0;
  for (const auto [name, value] : head.headers) {
    Demand(!name.empty() && !HasControl(name) && !HasControl(value),
           "no control characters in a field");
    lengths += EqualsIgnoreCase(name, "Content-Length");
    codings += EqualsIgnoreCase(name, "Transfer-Encoding");
    hosts += EqualsIgnoreCase(name, "Host");
  }
  Demand(lengths + codings <= 1, "one field says where a request ends");
  Demand(hosts <= 1 && (hosts == 1 || head.minor_version == 0),
         "an HTTP/1.1 request says for which host it is");
}

bool LeavesItsFolder(std::string_view path) {
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, slash);
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return false;
}

const Router& Routes() {
  static const Router* const kRouter = [] {
    auto* router = new Router;
    const Handler handler = [](Request request) {
      for (const auto& [name, value] : request.params) {
        Demand(value.find('\0') == value.npos, "no NUL in a parameter");
      }
      return Promise<Response>::Resolve(Response::Text(200, "ok"));
    };
    router->Get("/", handler);
    router->Get("/users/:id", handler);
    router->Post("/users/:id/avatar", handler);
    router->Get("/files/*path", handler);
    return router;
  }();
  return *kRouter;
}

void RouteIt(const RequestHead& head) {
  absl::StatusOr<RequestTarget> target = ParseTarget(head.target);
  if (!target.ok()) {
    Demand(absl::IsInvalidArgument(target.status()),
           "a target that is refused is the client's mistake");
    return;
  }
  const auto decoded = PercentDecode(target->path);
  Demand(decoded.has_value() && decoded->find('\0') == decoded->npos &&
             !LeavesItsFolder(*decoded),
         "a path stays in its folder");
  static_cast<void>(ParseQuery(target->query));
  // Promises belong to a loop.
  static EventLoop* const kLoop = new EventLoop;
  kLoop->Dispatch([&] {
    Request request;
    request.method = head.method;
    request.path = std::move(target->path);
    request.query = std::move(target->query);
    static_cast<void>(Routes().Route(std::move(request)));
  });
}

struct Parsed {
  std::vector<std::string> requests;
  int error = 0;      // the status that ends the connection
  bool open = false;  // within a request
};

// As a connection does: what the parser has not taken comes again.
Parsed Parse(std::string_view bytes, size_t piece) {
  RequestParser parser(kLimits);
  Parsed parsed;
  std::string input;
  while (!bytes.empty()) {
    const std::string_view more = bytes.substr(0, piece);
    bytes.remove_prefix(more.size());
    input += more;
    while (!input.empty()) {
      const size_t taken = parser.Feed(input);
      Demand(taken <= input.size(), "no more is taken than there is");
      input.erase(0, taken);
      if (parser.failed()) {
        const ParseError& error = parser.error();
        Demand(
            error.status >= 400 && error.status < 600 && !error.message.empty(),
            "an error has a status and says why");
        parsed.error = error.status;
        return parsed;
      }
      if (!parser.done()) break;
      CheckHead(parser.head());
      Demand(parser.body().size() <= kLimits.max_body_bytes,
             "bodies are bounded");
      parsed.requests.push_back(Described(parser.head(), parser.body()));
      RouteIt(parser.head());
      if (parsed.requests.size() == kMostRequests) return parsed;
      parser.Reset();
    }
    Demand(input.size() <= kLimits.max_header_bytes + kLimits.max_body_bytes,
           "what waits for more is bounded");
  }
  parsed.open = parser.started();
  return parsed;
}

}  // namespace

fuzz::Outcome RunInput(std::string_view input) {
  if (input.empty()) return fuzz::Outcome::kRefused;
  const size_t piece = 1 + static_cast<uint8_t>(input[0]) % 40;
  const std::string_view bytes = input.substr(1);
  const Parsed at_once = Parse(bytes, std::max<size_t>(bytes.size(), 1));
  const Parsed in_pieces = Parse(bytes, piece);
  Demand(in_pieces.requests == at_once.requests,
         "pieces change nothing in a request");
  // Of several mistakes, or of a head that has not ended, either may be the
  // first to be seen.
  Demand((in_pieces.error == 0) == (at_once.error == 0) || in_pieces.open ||
             at_once.open,
         "pieces change nothing in whether there is an error");
  return at_once.requests.empty() ? fuzz::Outcome::kRefused
                                  : fuzz::Outcome::kRead;
}

std::vector<std::string> Seeds() {
  const std::vector<std::string> requests = {
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /users/a%20b?c=d+e&f=%41 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      "POST /users/1/avatar HTTP/1.1\r\nHost: [::1]:80\r\n"
      "Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;name=\"va l\"\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n",
      "HEAD /files/a/b.css HTTP/1.1\r\nHost: x\r\nRange: bytes=0-3\r\n"
      "Connection: close\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET http://host:8080/a/../b HTTP/1.1\r\nHost: host:8080\r\n\r\n",
      "\r\nGET /%2e%2e/ HTTP/1.1\r\nHost: x\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nFolded: a\r\n b\r\n\r\n"};
  std::vector<std::string> seeds;
  std::string all;
  for (const std::string& request : requests) {
    seeds.push_back("\x01" + request);
    all += request;
  }
  seeds.push_back("\x07" + all);
  return seeds;
}

}  // namespace millrace::http
