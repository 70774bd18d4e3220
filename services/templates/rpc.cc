#include "services/templates/rpc.h"

#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/status.h"
#include "base/strings.h"
#include "contract/page_token.h"
#include "loop/worker_pool.h"
#include "services/templates/diff.h"
#include "services/templates/store.h"
#include "services/templates/wire.h"

namespace millrace::templates {
namespace {

namespace v1 = ::templates::v1;

constexpr int kDefaultContextLines = 3;
constexpr int64_t kNewest = std::numeric_limits<int64_t>::max();

std::string TokenBehind(const TemplateHead& head) {
  return WritePageToken(StrCat(head.name, "/", head.locale));
}

HeadQuery ToQuery(const v1::ListTemplatesRequest& request) {
  HeadQuery query = {.prefix = request.prefix(),
                     .locale = request.locale(),
                     .archived = request.archived()};
  const std::string key = ValueOrThrow(ReadPageToken(request.page_token()));
  if (key.empty()) return query;
  // Neither part can have a slash.
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(key, absl::MaxSplits('/', 1));
  if (parts.first.empty() || parts.second.empty()) {
    Throw(absl::InvalidArgumentError(
        "page_token: is not a token of ListTemplates; take next_page_token of "
        "the page before"));
  }
  query.after_name = parts.first;
  query.after_locale = parts.second;
  return query;
}

// The version of that number, or for 0 the published one or the newest.
TemplateVersion FindAsked(store::Tx& tx, const std::string& name,
                          const std::string& locale, int64_t version,
                          bool published) {
  if (version != 0) return FindVersion(tx, name, locale, version);
  if (published) return RequirePublished(tx, name, {locale});
  return FindVersion(tx, name, locale, GreatestVersion(tx, name, locale));
}

struct Compared {
  TemplateHead head;
  TemplateVersion from;
  TemplateVersion to;
};

// The hunks of a comparison, as they go to the caller.
std::vector<v1::DiffHunk> HunksOf(const Compared& compared, int context) {
  std::vector<v1::DiffHunk> hunks;
  for (const Hunk& hunk :
       ToHunks(DiffLines(compared.from.body, compared.to.body), context)) {
    hunks.push_back(ToHunk(hunk));
  }
  return hunks;
}

}  // namespace

Promise<v1::Template> TemplatesRpc::GetTemplate(
    const Call& call, const v1::GetTemplateRequest& request) {
  co_return co_await database_.Read(call.context, [&](store::Tx& tx) {
    const TemplateHead head = FindHead(tx, request.name(), request.locale());
    return ToTemplate(FindAsked(tx, head.name, head.locale, request.version(),
                                /*published=*/true),
                      head);
  });
}

Promise<v1::ListTemplatesResponse> TemplatesRpc::ListTemplates(
    const Call& call, const v1::ListTemplatesRequest& request) {
  const HeadQuery query = ToQuery(request);
  const int64_t size = PageSize(request.page_size());
  const std::vector<TemplateHead> heads = co_await database_.Read(
      call.context,
      [&](store::Tx& tx) { return ListHeads(tx, query, size + 1); });
  v1::ListTemplatesResponse response;
  response.set_next_page_token(FillPage(
      heads, size,
      [&](const TemplateHead& head) {
        *response.add_templates() = ToSummary(head);
      },
      [](const TemplateHead& head) { return TokenBehind(head); }));
  co_return response;
}

Promise<v1::ListVersionsResponse> TemplatesRpc::ListVersions(
    const Call& call, const v1::ListVersionsRequest& request) {
  const int64_t before =
      ValueOrThrow(ReadPageNumber(request.page_token(), kNewest));
  const int64_t size = PageSize(request.page_size());
  co_return co_await database_.Read(call.context, [&](store::Tx& tx) {
    const TemplateHead head = FindHead(tx, request.name(), request.locale());
    v1::ListVersionsResponse response;
    response.set_next_page_token(FillPage(
        templates::ListVersions(tx, head.name, head.locale, before, size + 1),
        size,
        [&](const TemplateVersion& version) {
          *response.add_versions() = ToTemplate(version, head);
        },
        [](const TemplateVersion& version) {
          return WritePageToken(StrCat(version.version));
        }));
    return response;
  });
}

Promise<v1::DiffTemplateResponse> TemplatesRpc::DiffTemplate(
    const Call& call, const v1::DiffTemplateRequest& request) {
  Compared compared = co_await database_.Read(call.context, [&](store::Tx& tx) {
    const std::string& name = request.name();
    const std::string& locale = request.locale();
    return Compared{
        .head = FindHead(tx, name, locale),
        .from = FindAsked(tx, name, locale, request.from_version(), true),
        .to = FindAsked(tx, name, locale, request.to_version(), false)};
  });
  const int context = request.context_lines() == 0 ? kDefaultContextLines
                                                   : request.context_lines();
  const auto compare = [&compared, context] {
    return HunksOf(compared, context);
  };
  std::vector<v1::DiffHunk> hunks = co_await loop_.workers().Run(compare);
  v1::DiffTemplateResponse response;
  for (v1::DiffHunk& hunk : hunks) *response.add_hunks() = std::move(hunk);
  compared.from.body.clear();
  compared.to.body.clear();
  *response.mutable_from() = ToTemplate(compared.from, compared.head);
  *response.mutable_to() = ToTemplate(compared.to, compared.head);
  co_return response;
}

Promise<v1::ListMessagesResponse> TemplatesRpc::ListMessages(
    const Call& call, const v1::ListMessagesRequest& request) {
  const std::string before = ValueOrThrow(ReadPageToken(request.page_token()));
  const int64_t size = PageSize(request.page_size());
  const std::vector<RenderedText> texts =
      co_await database_.Read(call.context, [&](store::Tx& tx) {
        return templates::ListMessages(tx, request.user_id(), before, size + 1);
      });
  v1::ListMessagesResponse response;
  response.set_next_page_token(FillPage(
      texts, size,
      [&](const RenderedText& text) {
        *response.add_messages() = ToMessage(text);
      },
      [](const RenderedText& text) { return WritePageToken(text.id); }));
  co_return response;
}

}  // namespace millrace::templates
