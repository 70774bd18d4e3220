#include "services/admin/verify.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "base/strings.h"
#include "services/admin/seal_older.h"
#include "services/admin/store.h"

namespace millrace::admin {
namespace {

constexpr int64_t kPiece = 200;

// What the walk begins with, of one snapshot.
struct Bounds {
  AuditHead head;
  AuditHead before;                      // the entry that the first one follows
  std::vector<AuditRecord> behind_head;  // at most one
};

Bounds ReadBounds(store::Tx& tx, const VerifyRange& range) {
  Bounds bounds;
  bounds.head = ReadHead(tx);
  if (range.start > 1) bounds.before = HeadBefore(tx, range.start);
  bounds.behind_head =
      Range(tx, bounds.head.id + 1, std::numeric_limits<int64_t>::max(), 1);
  return bounds;
}

std::optional<ChainBreak> CheckHead(const ChainChecker& checker,
                                    const Bounds& bounds) {
  if (const auto found = checker.CheckEnd(bounds.head)) return found;
  if (const auto found = checker.CheckKept()) return found;
  if (bounds.behind_head.empty()) return std::nullopt;
  const int64_t id = bounds.behind_head[0].id;
  return ChainBreak{id, ChainBreak::kUnlinked,
                    StrCat("entry ", id, " is behind the head of the trail, ",
                           bounds.head.id)};
}

// How far the walk has come.
struct Walk {
  ChainChecker checker;
  int64_t next = 0;
  bool complete = false;
  std::optional<ChainBreak> first_break;
};

// The next entries, on the worker's thread: to hash them takes a while.
Walk Step(store::Tx& tx, Walk walk, int64_t end, int64_t limit) {
  const std::vector<AuditRecord> records = Range(tx, walk.next, end, limit);
  if (records.empty()) {
    walk.complete = true;
    return walk;
  }
  const auto noted = NotedHashes(tx, records.front().id, records.back().id);
  for (const AuditRecord& record : records) {
    const auto found = noted.find(record.id);
    walk.first_break =
        walk.checker.Check(record, found == noted.end() ? "" : found->second);
    if (walk.first_break) return walk;
    walk.next = record.id + 1;
  }
  return walk;
}

}  // namespace

Promise<Verified> VerifyTrail(store::Database& database, CallContext context,
                              VerifyRange range) {
  const Bounds bounds = co_await database.Read(
      context, [&](store::Tx& tx) { return ReadBounds(tx, range); });
  const bool to_head = range.end == 0 || range.end >= bounds.head.id;
  const int64_t end = to_head ? bounds.head.id : range.end;
  const bool ends_before = range.end != 0 && range.kept.id > range.end;
  if (ends_before || range.kept.id < range.start) range.kept = {};
  Walk walk{ChainChecker(bounds.before, range.kept), range.start};
  for (int64_t left = range.max_entries;
       left > 0 && !walk.complete && !walk.first_break;
       left = range.max_entries - walk.checker.last().entries) {
    const int64_t limit = std::min(kPiece, left);
    walk = co_await database.Read(
        context, [&](store::Tx& tx) { return Step(tx, walk, end, limit); });
  }
  if (walk.complete) {
    walk.first_break =
        to_head ? CheckHead(walk.checker, bounds) : walk.checker.CheckKept();
  }
  Verified verified;
  verified.last = walk.checker.last();
  verified.first_break = walk.first_break;
  verified.complete = walk.complete && !walk.first_break;
  co_return verified;
}

}  // namespace millrace::admin
