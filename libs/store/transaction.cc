#include "store/transaction.h"

#include <utility>

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/strings.h"
#include "store/session.h"

namespace millrace::store {

Tx::Tx(Session& session, const CallContext& context, Dialect dialect)
    : session_(session), context_(context), dialect_(dialect) {}

template <typename F>
auto Tx::Run(const F& f) {
  if (failure_ != nullptr) {
    Throw(absl::FailedPreconditionError(
        StrCat("an earlier statement of this transaction failed: ",
               MessageOf(StatusFrom(failure_)))));
  }
  try {
    if (absl::Now() > context_.deadline) {
      Throw(absl::DeadlineExceededError(
          "the deadline passed within the transaction"));
    }
    return f();
  } catch (...) {
    failure_ = std::current_exception();
    throw;
  }
}

int64_t Tx::Execute(std::string_view sql, ParamSpan params) {
  return Run([&] {
    session_.Tell(sql, params);
    return session_.Execute(sql, params);
  });
}

std::vector<Row> Tx::Query(std::string_view sql, ParamSpan params) {
  return Run([&] {
    session_.Tell(sql, params);
    return session_.Query(sql, params);
  });
}

std::optional<Row> Tx::QueryOne(std::string_view sql, ParamSpan params) {
  std::vector<Row> rows = Query(sql, params);
  if (rows.empty()) return std::nullopt;
  if (rows.size() > 1) {
    Throw(absl::InternalError(
        StrCat(rows.size(), " rows where at most one is expected: ", sql)));
  }
  return std::move(rows.front());
}

void Tx::Script(const std::string& sql) {
  Run([&] {
    session_.Tell(sql, {});
    session_.Script(sql);
    if (!session_.in_transaction()) {
      Throw(absl::InternalError(
          "the script ended its transaction (COMMIT or ROLLBACK in it)"));
    }
  });
}

void Tx::OnCommit(std::function<void()> hook) {
  hooks_.push_back(std::move(hook));
}

}  // namespace millrace::store
