#include "http/router.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "base/status.h"
#include "base/strings.h"
#include "http/status_mapping.h"
#include "http/url.h"

namespace millrace::http {
namespace {

using Segments = absl::InlinedVector<std::string_view, 8>;

// "/a//b" is "a", "", "b".
Segments Split(std::string_view path) {
  Segments segments;
  path.remove_prefix(1);
  while (true) {
    const size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

[[noreturn]] void Malformed(std::string_view pattern, std::string_view why) {
  Throw(absl::InvalidArgumentError(
      StrCat("the route \"", pattern, "\" is malformed: ", why)));
}

void CheckPattern(std::string_view pattern, const Segments& segments) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < segments.size(); ++i) {
    const std::string_view segment = segments[i];
    if (!segment.starts_with(':') && !segment.starts_with('*')) continue;
    if (segment.size() == 1) {
      Malformed(pattern, "a name must follow : and *");
    }
    if (segment[0] == '*' && i + 1 < segments.size()) {
      Malformed(pattern, "*name must come last");
    }
    if (!names.insert(segment.substr(1)).second) {
      Malformed(pattern, "it has a name twice");
    }
  }
}

}  // namespace

struct Router::Node {
  struct Route {
    Handler handler;
    std::vector<std::string> names;
    std::string pattern;
  };

  absl::flat_hash_map<std::string, std::unique_ptr<Node>> children;
  std::unique_ptr<Node> param;
  std::unique_ptr<Node> rest;
  std::map<std::string, Route, std::less<>> methods;

  Node* Child(std::string_view segment) {
    std::unique_ptr<Node>& child = segment.starts_with(':') ? param
                                   : segment.starts_with('*')
                                       ? rest
                                       : children[std::string(segment)];
    if (child == nullptr) child = std::make_unique<Node>();
    return child.get();
  }
};

// What the search for one request came upon.
struct Router::Found {
  const Node::Route* route = nullptr;
  std::vector<std::string> values;
  std::set<std::string_view> allowed;  // methods of nodes that match

  // GET's handler answers HEAD.
  bool Take(const Node& node, std::string_view method) {
    auto it = node.methods.find(method);
    if (it == node.methods.end() && method == "HEAD") {
      it = node.methods.find("GET");
    }
    if (it != node.methods.end()) {
      route = &it->second;
      return true;
    }
    for (const auto& [name, unused] : node.methods) allowed.insert(name);
    return false;
  }

  bool Search(const Node& node, const Segments& segments, size_t at,
              std::string_view method) {
    if (at == segments.size()) return Take(node, method);
    const auto child = node.children.find(ToAbsl(segments[at]));
    if (child != node.children.end() &&
        Search(*child->second, segments, at + 1, method)) {
      return true;
    }
    if (node.param != nullptr && !segments[at].empty()) {
      values.emplace_back(segments[at]);
      if (Search(*node.param, segments, at + 1, method)) return true;
      values.pop_back();
    }
    if (node.rest == nullptr) return false;
    std::string rest(segments[at]);
    for (size_t i = at + 1; i < segments.size(); ++i) {
      StrAppend(&rest, "/", segments[i]);
    }
    values.push_back(std::move(rest));
    if (Take(*node.rest, method)) return true;
    values.pop_back();
    return false;
  }
};

Router::Router() : root_(std::make_unique<Node>()) { Rebuild(); }

Router::~Router() = default;

void Router::Handle(std::string_view method, std::string_view pattern,
                    Handler handler) {
  if (!pattern.starts_with('/')) Malformed(pattern, "it must start with /");
  const Segments segments = Split(pattern);
  CheckPattern(pattern, segments);
  Node* node = root_.get();
  std::vector<std::string> names;
  for (const std::string_view segment : segments) {
    node = node->Child(segment);
    if (segment.starts_with(':') || segment.starts_with('*')) {
      names.emplace_back(segment.substr(1));
    }
  }
  const auto [it, added] = node->methods.try_emplace(
      std::string(method),
      Node::Route{std::move(handler), std::move(names), std::string(pattern)});
  if (!added) {
    Throw(absl::AlreadyExistsError(StrCat("the route ", method, " ", pattern,
                                          " is taken by ", method, " ",
                                          it->second.pattern)));
  }
}

void Router::Get(std::string_view pattern, Handler handler) {
  Handle("GET", pattern, std::move(handler));
}
void Router::Post(std::string_view pattern, Handler handler) {
  Handle("POST", pattern, std::move(handler));
}
void Router::Put(std::string_view pattern, Handler handler) {
  Handle("PUT", pattern, std::move(handler));
}
void Router::Delete(std::string_view pattern, Handler handler) {
  Handle("DELETE", pattern, std::move(handler));
}

void Router::Use(Middleware middleware) {
  middleware_.push_back(std::move(middleware));
  Rebuild();
}

void Router::NotFound(Handler handler) { not_found_ = std::move(handler); }

void Router::Rebuild() {
  chain_ = [this](Request request) { return Dispatch(std::move(request)); };
  for (auto it = middleware_.rbegin(); it != middleware_.rend(); ++it) {
    chain_ = (*it)(std::move(chain_));
  }
}

Promise<Response> Router::Route(Request&& request) const {
  if (middleware_.empty()) return Dispatch(std::move(request));
  return chain_(std::move(request));
}

Promise<Response> Router::Dispatch(Request&& request) const {
  Found found;
  if (request.path.starts_with('/')) {
    Segments segments = Split(request.path);
    std::vector<std::string> decoded;
    if (request.path.find('%') != std::string::npos) {
      decoded.reserve(segments.size());
      for (std::string_view& segment : segments) {
        // Malformed escapes were refused with the target.
        decoded.push_back(
            PercentDecode(segment).value_or(std::string(segment)));
        segment = decoded.back();
      }
    }
    found.Search(*root_, segments, 0, request.method);
  }
  if (found.route == nullptr) return Unmatched(std::move(request), found);
  const std::vector<std::string>& names = found.route->names;
  for (size_t i = 0; i < names.size(); ++i) {
    request.params.emplace_back(names[i], std::move(found.values[i]));
  }
  return found.route->handler(std::move(request));
}

Promise<Response> Router::Unmatched(Request&& request,
                                    const Found& found) const {
  const bool options = request.method == "OPTIONS";
  if (found.allowed.empty() && !(options && request.path == "*")) {
    if (not_found_) return not_found_(std::move(request));
    return Promise<Response>::Resolve(ErrorResponse(
        absl::NotFoundError(StrCat("there is nothing at ", request.path))));
  }
  std::set<std::string_view> allowed = found.allowed;
  if (allowed.contains("GET")) allowed.insert("HEAD");
  allowed.insert("OPTIONS");
  std::string list;
  for (const std::string_view method : allowed) {
    StrAppend(&list, list.empty() ? "" : ", ", method);
  }
  Response response;
  response.status = 204;
  if (!options) {
    response = ErrorResponse(405, CodeForHttp(405),
                             StrCat(request.method, " is not allowed at ",
                                    request.path, "; allowed: ", list));
  }
  response.headers.Set("Allow", list);
  return Promise<Response>::Resolve(std::move(response));
}

std::vector<std::string> Router::Routes() const {
  std::vector<std::string> routes;
  std::vector<const Node*> open = {root_.get()};
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    for (const auto& [method, route] : node->methods) {
      routes.push_back(StrCat(method, " ", route.pattern));
    }
    for (const auto& [segment, child] : node->children) {
      open.push_back(child.get());
    }
    if (node->param != nullptr) open.push_back(node->param.get());
    if (node->rest != nullptr) open.push_back(node->rest.get());
  }
  std::sort(routes.begin(), routes.end());
  return routes;
}

}  // namespace millrace::http
