#include "tools/millrace/audit_command.h"

#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "admin/v1/admin.millrace.h"
#include "base/metrics.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "services/admin/verify.h"
#include "services/admin/wire.h"
#include "store/database.h"
#include "store/database_url.h"
#include "tools/millrace/client.h"

namespace millrace::cli {
namespace {

namespace v1 = ::admin::v1;

struct AuditFlags {
  ClientOptions client;
  std::string database;
  std::string head;  // ID:HASH
};

// What was found, in as many calls as it took.
struct Outcome {
  int64_t entries = 0;
  int64_t last_id = 0;
  std::string last_hash;
  std::string broken;  // why; empty when the chain holds
};

v1::AuditHead HeadIn(const std::string& text) {
  v1::AuditHead head;
  const size_t colon = text.find(':');
  int64_t id = 0;
  if (colon == text.npos || !absl::SimpleAtoi(text.substr(0, colon), &id) ||
      id < 1) {
    Throw(absl::InvalidArgumentError(
        StrCat("--head is '", text,
               "'; give what an earlier 'millrace audit "
               "verify' printed behind 'head', as in 42:9f86...")));
  }
  head.set_id(id);
  head.set_hash(text.substr(colon + 1));
  return head;
}

// False when nothing is left to ask for.
bool Add(const v1::VerifyAuditResponse& response,
         v1::VerifyAuditRequest* request, Outcome* outcome) {
  outcome->entries += response.entries();
  outcome->last_id = response.last_id();
  outcome->last_hash = response.last_hash();
  outcome->broken = response.first_break().reason();
  request->set_start_id(response.last_id() + 1);
  return !response.complete() && !response.has_first_break();
}

Promise<void> VerifyThere(v1::VerifyAuditRequest* request, Outcome* outcome,
                          Channel& channel, const Call& call) {
  v1::AdminServiceClient admin(channel);
  for (bool more = true; more;) {
    Call next = call;  // each has the whole of the time
    next.context.deadline = absl::InfiniteFuture();
    const v1::VerifyAuditResponse response =
        co_await admin.VerifyAudit(next, *request);
    more = Add(response, request, outcome);
  }
}

Promise<void> VerifyHere(store::Database& database,
                         v1::VerifyAuditRequest* request, Outcome* outcome) {
  for (bool more = true; more;) {
    const admin::VerifyRange range = ValueOrThrow(admin::ToRange(*request));
    const admin::Verified verified =
        co_await admin::VerifyTrail(database, CallContext(), range);
    more = Add(admin::ToResponse(verified), request, outcome);
  }
}

// The URL of a database that is there already, and is only read. SQLite itself
// says neither which file is missing nor what to do.
absl::StatusOr<std::string> OnlyRead(const std::string& url) {
  const auto parsed = store::ParseDatabaseUrl(url, absl::Seconds(5));
  if (!parsed.ok()) return parsed.status();
  if (parsed->dialect != store::Dialect::kSqlite || parsed->in_memory() ||
      parsed->only_read) {
    return url;
  }
  std::error_code error;
  if (std::filesystem::exists(parsed->target, error) ||
      parsed->target.starts_with("file:")) {
    return StrCat(url, "?mode=ro");
  }
  return absl::NotFoundError(
      StrCat("there is no database at '", parsed->target,
             "'; give the URL of the admin service's, as in "
             "sqlite://data/admin.db"));
}

absl::Status VerifyDatabase(const std::string& url,
                            v1::VerifyAuditRequest* request, Outcome* outcome) {
  EventLoop loop;
  NullLogger logger;
  NullMetrics metrics;
  const auto only_read = OnlyRead(url);
  if (!only_read.ok()) return only_read.status();
  auto database = store::Database::Open(
      loop, {.url = *only_read, .pool_size = 1}, logger, metrics);
  if (!database.ok()) return database.status();
  absl::Status status = absl::UnknownError("interrupted");
  const auto done = AsStatusOr(VerifyHere(**database, request, outcome))
                        .Then([&](const absl::Status& result) {
                          status = result;
                          loop.Stop();
                        });
  loop.Run();
  return status;
}

int Verify(const AuditFlags& flags) {
  v1::VerifyAuditRequest request;
  if (!flags.head.empty()) *request.mutable_kept() = HeadIn(flags.head);
  Outcome outcome;
  if (flags.database.empty()) {
    const int code =
        RunClient(flags.client, [&](Channel& channel, const Call& call) {
          return VerifyThere(&request, &outcome, channel, call);
        });
    if (code != 0) return code == kInterrupted ? code : 2;
  } else {
    ThrowIfError(VerifyDatabase(flags.database, &request, &outcome));
  }
  std::cout << outcome.entries << " entries are as they were\nhead "
            << outcome.last_id << ":" << outcome.last_hash << "\n";
  if (outcome.broken.empty()) return 0;
  std::cout << "BROKEN: " << outcome.broken << "\n";
  return 1;
}

}  // namespace

void AddAudit(CLI::App* app, int* code) {
  auto flags = std::make_shared<AuditFlags>();
  CLI::App* audit = app->add_subcommand("audit", "The audit trail");
  audit->require_subcommand(1);
  CLI::App* verify = audit->add_subcommand(
      "verify",
      "Tell whether the audit trail is as it was written. Keep the head that "
      "it prints somewhere else, and give it to a later run: without one, a "
      "trail that somebody cut off or wrote anew looks right");
  CLI::Option* target = AddClientOptions(verify, &flags->client);
  verify
      ->add_option("--database", flags->database,
                   "Instead of a process: the URL of the admin service's "
                   "database, as in sqlite://data/admin.db")
      ->excludes(target);
  verify->add_option("--head", flags->head,
                     "A head that an earlier run printed, ID:HASH");
  verify->callback([flags, code] {
    try {
      *code = Verify(*flags);
    } catch (const StatusError& error) {
      std::cerr << "millrace audit: " << MessageOf(error.status()) << "\n";
      *code = 2;
    }
  });
}

}  // namespace millrace::cli
