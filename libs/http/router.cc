#include "http/router.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/container/flat_hash_map.h"
#include "base/status.h"
#include "base/strings.h"
#include "http/route_pattern.h"
#include "http/status_mapping.h"

namespace millrace::http {

namespace {

// Where `path` goes on after so many more segments from `at` on, a slash or the
// end.
size_t Skip(std::string_view path, size_t at, size_t segments) {
  for (; segments > 0 && at < path.size(); --segments) {
    at = std::min(path.find('/', at + 1), path.size());
  }
  return at;
}

}  // namespace

// A handler's place in the table.
struct Router::Entry {
  Handler handler;                   // none: a mounted router answers
  const Mounted* mounted = nullptr;  // that router's place
  std::vector<std::string> names;    // of the pattern; else of the prefix
  std::string pattern;
  bool listed = true;  // its pattern says what it is for
  bool weak = false;   // gives way to any other
};

struct Router::Mounted {
  Router* outer;
  Router* router;
  std::string prefix;
  size_t segments;  // of the prefix; none of "/"
  std::vector<std::string> names;
};

struct Router::Node {
  absl::flat_hash_map<std::string, std::unique_ptr<Node>> children;
  std::unique_ptr<Node> param;
  std::unique_ptr<Node> rest;
  std::map<std::string, Entry, std::less<>> methods;
  std::unique_ptr<Mounted> mounted;  // whose prefix ends here

  Node* Child(std::string_view segment) {
    std::unique_ptr<Node>& child = segment.starts_with(':') ? param
                                   : segment.starts_with('*')
                                       ? rest
                                       : children[std::string(segment)];
    if (child == nullptr) child = std::make_unique<Node>();
    return child.get();
  }

  // The node of a pattern; adds its names to `names`.
  Node* Descend(const Segments& segments, std::vector<std::string>* names) {
    Node* node = this;
    for (const std::string_view segment : segments) {
      node = node->Child(segment);
      if (segment.starts_with(':') || segment.starts_with('*')) {
        names->emplace_back(segment.substr(1));
      }
    }
    return node;
  }
};

// What the search for one request came upon.
struct Router::Found {
  const Entry* entry = nullptr;
  std::vector<std::string> values;
  std::set<std::string_view> allowed;  // methods of nodes that match

  // GET's handler answers HEAD.
  bool Take(const Node& node, std::string_view method) {
    auto it = node.methods.find(method);
    if (it == node.methods.end() && method == "HEAD") {
      it = node.methods.find("GET");
    }
    if (it != node.methods.end()) {
      entry = &it->second;
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

  // For what no route takes: the mounted router under whose prefix it is.
  const Mounted* Innermost(const Node& node, const Segments& segments,
                           size_t at) {
    if (at < segments.size()) {
      const auto child = node.children.find(ToAbsl(segments[at]));
      if (child != node.children.end()) {
        const Mounted* found = Innermost(*child->second, segments, at + 1);
        if (found != nullptr) return found;
      }
      if (node.param != nullptr && !segments[at].empty()) {
        values.emplace_back(segments[at]);
        const Mounted* found = Innermost(*node.param, segments, at + 1);
        if (found != nullptr) return found;
        values.pop_back();
      }
    }
    return node.mounted.get();
  }

  void GiveTo(Request* request, const std::vector<std::string>& names) {
    for (size_t i = 0; i < names.size(); ++i) {
      request->params.emplace_back(names[i], std::move(values[i]));
    }
  }
};

Router::Router() : root_(std::make_unique<Node>()) { Rebuild(); }

Router::~Router() = default;

void Router::Handle(std::string_view method, std::string_view pattern,
                    Handler handler) {
  Entry entry;
  entry.handler = std::move(handler);
  Insert(method, pattern, std::move(entry));
}

// Outside first: there is more that it may clash with.
void Router::Insert(std::string_view method, std::string_view pattern,
                    Entry entry) {
  const Segments segments = PatternSegments(pattern);
  entry.pattern = pattern;
  InsertAbove(method, entry);
  std::vector<std::string> names;
  Node* node = root_->Descend(segments, &names);
  if (entry.mounted == nullptr) entry.names = std::move(names);
  const auto it = node->methods.find(method);
  if (it == node->methods.end()) {
    node->methods.emplace(method, std::move(entry));
  } else if (it->second.weak) {
    it->second = std::move(entry);
  } else if (!entry.weak) {
    Throw(absl::AlreadyExistsError(StrCat("the route ", method, " ", pattern,
                                          " is taken by ", method, " ",
                                          it->second.pattern)));
  }
}

void Router::InsertAbove(std::string_view method, const Entry& entry) {
  if (mounted_ == nullptr) return;
  Entry above;
  above.mounted = mounted_;
  above.names = mounted_->names;
  above.listed = entry.listed;
  above.weak = entry.weak;
  Router& outer = *mounted_->outer;
  const std::string& prefix = mounted_->prefix;
  if (mounted_->segments == 0) {
    return outer.Insert(method, entry.pattern, std::move(above));
  }
  if (entry.pattern == "/") {
    outer.Insert(method, prefix, above);
    above.listed = false;
  } else if (entry.pattern.starts_with("/*")) {
    Entry itself = above;
    itself.listed = false;
    itself.weak = true;
    outer.Insert(method, prefix, std::move(itself));
  }
  outer.Insert(method, prefix + entry.pattern, std::move(above));
}

void Router::Mount(std::string_view prefix, Router& child) {
  Segments segments;
  if (prefix != "/") {
    segments = PatternSegments(prefix);
    if (segments.back().empty() || segments.back().starts_with('*')) {
      ThrowMalformed(prefix, "a prefix must not end with / or *name");
    }
  }
  const Router* outermost = this;
  while (outermost->mounted_ != nullptr) outermost = outermost->mounted_->outer;
  if (&child == outermost) {
    Throw(absl::InvalidArgumentError(
        StrCat("a router cannot be mounted in itself, at ", prefix)));
  }
  if (child.mounted_ != nullptr) {
    Throw(absl::AlreadyExistsError(StrCat("the router for ", prefix,
                                          " is mounted at ",
                                          child.mounted_->prefix, " already")));
  }
  std::vector<std::string> names;
  Node* node = root_->Descend(segments, &names);
  if (node->mounted != nullptr) {
    Throw(absl::AlreadyExistsError(StrCat("the prefix ", prefix,
                                          " is taken by the router at ",
                                          node->mounted->prefix)));
  }
  node->mounted = std::make_unique<Mounted>(Mounted{
      this, &child, std::string(prefix), segments.size(), std::move(names)});
  child.mounted_ = node->mounted.get();
  for (const auto& [method, entry] : child.Entries()) {
    child.InsertAbove(method, *entry);
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
  std::string_view path = request.PathBelow();
  if (path.empty() && request.mounted > 0) path = "/";
  if (path.starts_with('/')) {
    const PathSegments segments(path);
    found.Search(*root_, segments.get(), 0, request.method);
    if (found.entry == nullptr) {
      const Mounted* mounted = found.Innermost(*root_, segments.get(), 0);
      if (mounted != nullptr) {
        found.GiveTo(&request, mounted->names);
        return Enter(*mounted, std::move(request));
      }
    }
  }
  if (found.entry == nullptr) return Unmatched(std::move(request), found);
  found.GiveTo(&request, found.entry->names);
  if (found.entry->mounted != nullptr) {
    return Enter(*found.entry->mounted, std::move(request));
  }
  return found.entry->handler(std::move(request));
}

Promise<Response> Router::Enter(const Mounted& mounted,
                                Request&& request) const {
  if (request.outermost == nullptr) request.outermost = this;
  request.mounted = Skip(request.path, request.mounted, mounted.segments);
  return mounted.router->Route(std::move(request));
}

// By NotFound() of this router, or of the next one outwards that has it; it
// sees the path as the routes of that router do.
Promise<Response> Router::Unknown(Request&& request) const {
  const Router* router = this;
  while (!router->not_found_ && request.outermost != nullptr &&
         router != request.outermost && router->mounted_ != nullptr) {
    router = router->mounted_->outer;
  }
  if (!router->not_found_) {
    return Promise<Response>::Resolve(ErrorResponse(
        absl::NotFoundError(StrCat("there is nothing at ", request.path))));
  }
  if (request.outermost != nullptr) {
    size_t segments = 0;
    for (const Router* at = router;
         at != request.outermost && at->mounted_ != nullptr;
         at = at->mounted_->outer) {
      segments += at->mounted_->segments;
    }
    request.mounted = Skip(request.path, 0, segments);
  }
  return router->not_found_(std::move(request));
}

Promise<Response> Router::Unmatched(Request&& request,
                                    const Found& found) const {
  if (request.outermost != nullptr && request.outermost != this) {
    // Others may have routes for this path and another method.
    Found outside;
    const PathSegments segments(request.path);
    outside.Search(*request.outermost->root_, segments.get(), 0,
                   request.method);
    return Refuse(std::move(request), outside);
  }
  return Refuse(std::move(request), found);
}

Promise<Response> Router::Refuse(Request&& request, const Found& found) const {
  const bool options = request.method == "OPTIONS";
  if (found.allowed.empty() && !(options && request.path == "*")) {
    return Unknown(std::move(request));
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

std::vector<std::pair<std::string, const Router::Entry*>> Router::Entries()
    const {
  std::vector<std::pair<std::string, const Entry*>> entries;
  std::vector<const Node*> open = {root_.get()};
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    for (const auto& [method, entry] : node->methods) {
      entries.emplace_back(method, &entry);
    }
    for (const auto& [segment, child] : node->children) {
      open.push_back(child.get());
    }
    if (node->param != nullptr) open.push_back(node->param.get());
    if (node->rest != nullptr) open.push_back(node->rest.get());
  }
  return entries;
}

std::vector<std::string> Router::Routes() const {
  std::vector<std::string> routes;
  for (const auto& [method, entry] : Entries()) {
    if (entry->listed) routes.push_back(StrCat(method, " ", entry->pattern));
  }
  std::sort(routes.begin(), routes.end());
  return routes;
}

}  // namespace millrace::http
