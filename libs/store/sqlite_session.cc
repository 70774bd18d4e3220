// SQLite through SOCI. Parameters are bound on the native handle: SOCI's use
// elements tie a statement to the types of its first run and copy each blob
// twice.
#include <sys/stat.h>

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "base/strings.h"
#include "store/session.h"
#include "store/sql_error.h"
#include "store/statement_cache.h"
#include "store/statement_text.h"

namespace millrace::store {
namespace {

namespace api = sqlite_api;

// How many steps of SQLite's machine pass between two looks at the clock.
constexpr int kStepsPerCheck = 4000;

// SQLite would make the file readable by everybody. Its journals get the mode
// that the file has. Not by open(): to close a descriptor of a file would take
// away the locks that another connection of this process holds on it.
void MakeForOwner(const std::string& path) {
  // What is in the way, SQLite says better.
  (void)mknod(path.c_str(), S_IFREG | S_IRUSR | S_IWUSR, 0);
}

struct Prepared {
  Prepared(soci::session& session, const StatementText& text,
           const std::string& sql, const StatementMeter& meter)
      : names(text.names), statement(session), meter(meter) {
    statement.alloc();
    statement.prepare(sql);
    statement.define_and_bind();
    const auto* backend =
        static_cast<soci::sqlite3_statement_backend*>(statement.get_backend());
    native = backend->stmt_;
  }

  std::vector<std::string> names;
  soci::statement statement;
  const StatementMeter& meter;
  api::sqlite3_stmt* native = nullptr;
  Row::Columns columns;
};

class SqliteSession final : public Session {
 public:
  explicit SqliteSession(const Options& options)
      : options_(options), statements_(options.statement_cache) {
    const std::string& target = options_.url.target;
    if (!options_.url.in_memory() && !target.starts_with("file:") &&
        !options_.url.only_read) {
      MakeForOwner(target);
    }
    Guard([&] {
      soci_.emplace(soci::sqlite3, target);
      native_ =
          static_cast<soci::sqlite3_session_backend*>(soci_->get_backend())
              ->conn_;
    });
    api::sqlite3_extended_result_codes(native_, 1);
    api::sqlite3_busy_timeout(native_, BusyMillis());
    api::sqlite3_progress_handler(native_, kStepsPerCheck, &PastDeadline, this);
    // The order matters: WAL first, since synchronous=FULL is about it.
    if (!options_.url.only_read) Script("PRAGMA journal_mode = WAL");
    Script("PRAGMA synchronous = FULL");
    Script("PRAGMA foreign_keys = ON");
    // What is deleted is overwritten, not only forgotten: it may be what a
    // person wanted erased. Debian's library does so by itself, others do not.
    Script("PRAGMA secure_delete = ON");
    if (options_.read_only) {
      Script("PRAGMA query_only = ON");
      query_only_ = true;
    }
  }

  ~SqliteSession() override { statements_.Clear(); }

  void Begin(Mode mode, absl::Time deadline) override {
    SetDeadline(deadline);
    const bool read = mode == Mode::kRead;
    if (!options_.read_only && read != query_only_) {
      Script(read ? "PRAGMA query_only = ON" : "PRAGMA query_only = OFF");
      query_only_ = read;
    }
    Execute(read ? "BEGIN" : "BEGIN IMMEDIATE", {});
  }

  void Commit() override {
    // A finished transaction is not undone because its time is over.
    deadline_ = absl::InfiniteFuture();
    Execute("COMMIT", {});
    statements_.Trim();
  }

  void Rollback() override {
    deadline_ = absl::InfiniteFuture();
    if (in_transaction()) Execute("ROLLBACK", {});
    statements_.Trim();
  }

  bool in_transaction() const override {
    return api::sqlite3_get_autocommit(native_) == 0;
  }

  bool usable() const override { return usable_; }

  int64_t Execute(std::string_view sql, ParamSpan params) override {
    const int64_t before = api::sqlite3_total_changes64(native_);
    Run(sql, params, nullptr);
    // sqlite3_changes() keeps its value over statements that change nothing.
    if (api::sqlite3_total_changes64(native_) == before) return 0;
    return api::sqlite3_changes64(native_);
  }

  std::vector<Row> Query(std::string_view sql, ParamSpan params) override {
    std::vector<Row> rows;
    Run(sql, params, &rows);
    return rows;
  }

  void Script(const std::string& sql) override {
    if (api::sqlite3_exec(native_, sql.c_str(), nullptr, nullptr, nullptr) !=
        SQLITE_OK) {
      Fail();
    }
  }

  void Savepoint() override { Execute("SAVEPOINT job", {}); }
  void ReleaseSavepoint() override { Execute("RELEASE job", {}); }
  void RollbackToSavepoint() override {
    deadline_ = absl::InfiniteFuture();
    Execute("ROLLBACK TO job", {});
    Execute("RELEASE job", {});
  }
  void SetDeadline(absl::Time deadline) override {
    deadline_ = deadline;
    api::sqlite3_busy_timeout(native_, BusyMillis());
  }

 private:
  static int PastDeadline(void* self) {
    const absl::Time deadline = static_cast<SqliteSession*>(self)->deadline_;
    return deadline != absl::InfiniteFuture() && absl::Now() > deadline;
  }

  int BusyMillis() const {
    absl::Duration wait = options_.busy_timeout;
    if (deadline_ != absl::InfiniteFuture()) {
      wait = std::min(wait, deadline_ - absl::Now());
    }
    return static_cast<int>(
        std::max<int64_t>(0, absl::ToInt64Milliseconds(wait)));
  }

  template <typename F>
  void Guard(const F& f) {
    try {
      f();
    } catch (const soci::sqlite3_soci_error& e) {
      if (native_ != nullptr) Fail();
      usable_ = false;
      throw FromSqlite(e.result(), e.get_error_message(), options_.url.display);
    } catch (const soci::soci_error& e) {
      throw SqlError(Fault::kStatement, absl::InternalError(StrCat(
                                            "database ", options_.url.display,
                                            ": ", e.get_error_message())));
    }
  }

  [[noreturn]] void Fail() {
    SqlError error = FromSqlite(api::sqlite3_extended_errcode(native_),
                                api::sqlite3_errmsg(native_),
                                options_.url.display, query_only_);
    if (error.fault() == Fault::kConnection) usable_ = false;
    throw error;
  }

  Prepared& Prepare(std::string_view sql) {
    Prepared* prepared = nullptr;
    Guard([&] {
      prepared = statements_.Get(std::string(sql), [&](const std::string& key) {
        const auto text = ValueOrThrow(ParseStatement(key));
        const StatementMeter& meter = options_.statements->Of(text);
        try {
          return std::make_unique<Prepared>(*soci_, text, ForSqlite(text),
                                            meter);
        } catch (...) {
          meter.errors.Add();
          throw;
        }
      });
    });
    return *prepared;
  }

  // Runs to the end, so that the statement holds no lock afterwards.
  void Run(std::string_view sql, ParamSpan params, std::vector<Row>* rows) {
    Prepared& prepared = Prepare(sql);
    const MeteredRun run(prepared.meter);
    ThrowIfError(CheckParams(prepared.names, params));
    Bind(prepared, params);
    auto* backend = static_cast<soci::sqlite3_statement_backend*>(
        prepared.statement.get_backend());
    const bool read_only = api::sqlite3_stmt_readonly(prepared.native) != 0;
    try {
      Guard([&] {
        bool more = prepared.statement.execute(true);
        while (more) {
          if (rows != nullptr) rows->push_back(Read(prepared));
          // An executing statement has made its changes with its first row.
          if (rows == nullptr && read_only) break;
          more =
              backend->fetch(1) == soci::details::statement_backend::ef_success;
        }
      });
    } catch (...) {
      Release(prepared);
      throw;
    }
    Release(prepared);
  }

  // The bound values are the caller's and go away with this call.
  static void Release(Prepared& prepared) {
    api::sqlite3_reset(prepared.native);
    api::sqlite3_clear_bindings(prepared.native);
  }

  void Bind(Prepared& prepared, ParamSpan params) {
    for (const Param& param : params) {
      const std::string name = StrCat(":", param.name);
      const int at =
          api::sqlite3_bind_parameter_index(prepared.native, name.c_str());
      if (BindOne(prepared.native, at, param.value) != SQLITE_OK) Fail();
    }
  }

  static int BindOne(api::sqlite3_stmt* statement, int at, const Value& value) {
    const Value::Variant& v = value.variant();
    if (const auto* i = std::get_if<int64_t>(&v)) {
      return api::sqlite3_bind_int64(statement, at, *i);
    }
    if (const auto* d = std::get_if<double>(&v)) {
      return api::sqlite3_bind_double(statement, at, *d);
    }
    if (const auto* b = std::get_if<bool>(&v)) {
      return api::sqlite3_bind_int64(statement, at, *b ? 1 : 0);
    }
    if (const auto* s = std::get_if<std::string>(&v)) {
      return api::sqlite3_bind_text64(statement, at, s->data(), s->size(),
                                      nullptr, SQLITE_UTF8);
    }
    if (const auto* b = std::get_if<Bytes>(&v)) {
      // data() is never null, so that empty bytes do not become NULL.
      return api::sqlite3_bind_blob64(statement, at, b->data.data(),
                                      b->data.size(), nullptr);
    }
    return api::sqlite3_bind_null(statement, at);
  }

  static Row Read(Prepared& prepared) {
    api::sqlite3_stmt* const statement = prepared.native;
    const int count = api::sqlite3_column_count(statement);
    if (!SameColumns(prepared)) {
      std::vector<std::string> names;
      for (int i = 0; i < count; ++i) {
        names.emplace_back(api::sqlite3_column_name(statement, i));
      }
      prepared.columns =
          std::make_shared<const std::vector<std::string>>(std::move(names));
    }
    std::vector<Value> values;
    values.reserve(count);
    for (int i = 0; i < count; ++i) values.push_back(ReadOne(statement, i));
    return Row(prepared.columns, std::move(values));
  }

  // A statement may be prepared anew under a changed schema.
  static bool SameColumns(const Prepared& prepared) {
    const int count = api::sqlite3_column_count(prepared.native);
    if (prepared.columns == nullptr ||
        static_cast<int>(prepared.columns->size()) != count) {
      return false;
    }
    for (int i = 0; i < count; ++i) {
      if ((*prepared.columns)[i] !=
          api::sqlite3_column_name(prepared.native, i)) {
        return false;
      }
    }
    return true;
  }

  static Value ReadOne(api::sqlite3_stmt* statement, int i) {
    const auto size = [&] {
      return static_cast<size_t>(api::sqlite3_column_bytes(statement, i));
    };
    switch (api::sqlite3_column_type(statement, i)) {
      case SQLITE_INTEGER:
        return static_cast<int64_t>(api::sqlite3_column_int64(statement, i));
      case SQLITE_FLOAT:
        return api::sqlite3_column_double(statement, i);
      case SQLITE_TEXT: {
        const auto* text = reinterpret_cast<const char*>(
            api::sqlite3_column_text(statement, i));
        return std::string(text, size());
      }
      case SQLITE_BLOB: {
        const auto* data =
            static_cast<const char*>(api::sqlite3_column_blob(statement, i));
        return data == nullptr ? Bytes{} : Bytes{std::string(data, size())};
      }
      default:
        return nullptr;
    }
  }

  Options options_;
  // Declared before the statements, which must go first.
  std::optional<soci::session> soci_;
  api::sqlite3* native_ = nullptr;
  StatementCache<Prepared> statements_;
  absl::Time deadline_ = absl::InfiniteFuture();
  bool query_only_ = false;
  bool usable_ = true;
};

}  // namespace

std::unique_ptr<Session> ConnectSqlite(const Session::Options& options) {
  return std::make_unique<SqliteSession>(options);
}

}  // namespace millrace::store
