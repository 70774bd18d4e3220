#include "services/users/store.h"

#include "base/status.h"
#include "base/strings.h"
#include "store/columns.h"
#include "store/id_list.h"

namespace millrace::users {
namespace {

constexpr char kSelect[] =
    "SELECT id, email, display_name, locale, revision, create_time, "
    "update_time, suspend_time, suspend_reason, delete_time, purge_time FROM "
    "people ";

constexpr char kInsert[] =
    "INSERT INTO people (id, email, display_name, name_key, locale, revision, "
    "create_time, update_time) VALUES (:id, :email, :display_name, :name_key, "
    ":locale, :revision, :create_time, :update_time)";

Person FromRow(const store::Row& row) {
  return {.id = row.Text("id"),
          .email = row.Text("email"),
          .display_name = row.Text("display_name"),
          .locale = row.Text("locale"),
          .revision = row.Int("revision"),
          .create_time = absl::FromUnixMicros(row.Int("create_time")),
          .update_time = absl::FromUnixMicros(row.Int("update_time")),
          .suspend_time = store::OptionalTime(row, "suspend_time"),
          .suspend_reason =
              row.IsNull("suspend_reason") ? "" : row.Text("suspend_reason"),
          .delete_time = store::OptionalTime(row, "delete_time"),
          .purge_time = store::OptionalTime(row, "purge_time")};
}

std::vector<Person> FromRows(const std::vector<store::Row>& rows) {
  std::vector<Person> people;
  people.reserve(rows.size());
  for (const store::Row& row : rows) people.push_back(FromRow(row));
  return people;
}

store::Params InsertParams(const Person& person) {
  return {{"id", person.id},
          {"email", person.email},
          {"display_name", person.display_name},
          {"name_key", NameKey(person.display_name)},
          {"locale", person.locale},
          {"revision", person.revision},
          {"create_time", absl::ToUnixMicros(person.create_time)},
          {"update_time", absl::ToUnixMicros(person.update_time)}};
}

[[noreturn]] void ThrowNotFound(std::string_view id) {
  Throw(absl::NotFoundError(StrCat("there is no user with the id ", id)));
}

// Says whose e-mail address it is in the words of the caller.
int64_t ExecuteUnique(store::Tx& tx, std::string_view sql,
                      const store::Params& params) {
  try {
    return tx.Execute(sql, params);
  } catch (const StatusError& error) {
    if (error.status().code() != absl::StatusCode::kAlreadyExists) throw;
    Throw(EmailTaken());
  }
}

Person FindWhere(store::Tx& tx, std::string_view id,
                 std::string_view condition) {
  const auto row = tx.QueryOne(
      StrCat(kSelect, "WHERE id = :id AND delete_time IS ", condition),
      {{"id", id}});
  if (!row) ThrowNotFound(id);
  return FromRow(*row);
}

// As the partial indexes have it.
std::string_view ConditionOf(std::optional<State> state) {
  if (!state) return "delete_time IS NULL";
  switch (*state) {
    case State::kActive:
      return "suspend_time IS NULL AND delete_time IS NULL";
    case State::kSuspended:
      return "suspend_time IS NOT NULL AND delete_time IS NULL";
    case State::kDeleted:
      return "delete_time IS NOT NULL";
  }
  return "delete_time IS NULL";
}

}  // namespace

absl::Status EmailTaken() {
  return absl::AlreadyExistsError("another user has this e-mail address");
}

void Insert(store::Tx& tx, const Person& person) {
  ExecuteUnique(tx, kInsert, InsertParams(person));
}

bool TryInsert(store::Tx& tx, const Person& person) {
  return tx.Execute(StrCat(kInsert, " ON CONFLICT DO NOTHING"),
                    InsertParams(person)) > 0;
}

void Update(store::Tx& tx, const Person& person) {
  store::Value reason;
  if (person.suspend_time) reason = person.suspend_reason;
  const int64_t rows = ExecuteUnique(
      tx,
      "UPDATE people SET email = :email, display_name = :display_name, "
      "name_key = :name_key, locale = :locale, revision = :revision, "
      "update_time = :update_time, suspend_time = :suspend_time, "
      "suspend_reason = :suspend_reason, delete_time = :delete_time, "
      "purge_time = :purge_time WHERE id = :id",
      {{"id", person.id},
       {"email", person.email},
       {"display_name", person.display_name},
       {"name_key", NameKey(person.display_name)},
       {"locale", person.locale},
       {"revision", person.revision},
       {"update_time", absl::ToUnixMicros(person.update_time)},
       {"suspend_time", store::OptionalMicros(person.suspend_time)},
       {"suspend_reason", reason},
       {"delete_time", store::OptionalMicros(person.delete_time)},
       {"purge_time", store::OptionalMicros(person.purge_time)}});
  if (rows == 0) ThrowNotFound(person.id);
}

Person Find(store::Tx& tx, std::string_view id) {
  return FindWhere(tx, id, "NULL");
}

Person FindDeleted(store::Tx& tx, std::string_view id) {
  return FindWhere(tx, id, "NOT NULL");
}

std::optional<Person> FindByEmail(store::Tx& tx, std::string_view email) {
  const auto row = tx.QueryOne(
      StrCat(kSelect, "WHERE email = :email AND delete_time IS NULL"),
      {{"email", NormalizeEmail(email)}});
  if (!row) return std::nullopt;
  return FromRow(*row);
}

std::vector<Person> FindMany(store::Tx& tx,
                             const std::vector<std::string>& ids) {
  const store::IdList list = store::ListOf(tx.dialect(), ids);
  return FromRows(tx.Query(
      StrCat(kSelect, "WHERE id ", list.condition, " AND delete_time IS NULL"),
      {{"ids", list.ids}}));
}

std::vector<Person> List(store::Tx& tx, std::optional<State> state,
                         std::string_view after, int64_t limit) {
  return FromRows(
      tx.Query(StrCat(kSelect, "WHERE id > :after AND ", ConditionOf(state),
                      " ORDER BY id LIMIT :limit"),
               {{"after", after}, {"limit", limit}}));
}

std::vector<Person> ListByEmail(store::Tx& tx, std::string_view prefix,
                                std::string_view after, int64_t limit) {
  return FromRows(tx.Query(
      StrCat(kSelect,
             "WHERE email >= :prefix AND email < :end AND email > :after AND "
             "delete_time IS NULL ORDER BY email LIMIT :limit"),
      {{"prefix", prefix},
       {"end", store::EndOfPrefix(prefix)},
       {"after", after},
       {"limit", limit}}));
}

std::vector<Person> ListByName(store::Tx& tx, std::string_view prefix,
                               std::string_view after_name,
                               std::string_view after_id, int64_t limit) {
  return FromRows(tx.Query(
      StrCat(kSelect,
             "WHERE name_key >= :prefix AND name_key < :end AND (name_key, id) "
             "> (:after_name, :after_id) AND NOT (email >= :prefix AND email < "
             ":end) AND delete_time IS NULL ORDER BY name_key, id LIMIT "
             ":limit"),
      {{"prefix", prefix},
       {"end", store::EndOfPrefix(prefix)},
       {"after_name", after_name},
       {"after_id", after_id},
       {"limit", limit}}));
}

std::vector<std::string> ListPurgeable(store::Tx& tx, absl::Time now,
                                       int64_t limit) {
  std::vector<std::string> ids;
  for (const store::Row& row :
       tx.Query("SELECT id FROM people WHERE purge_time <= :now ORDER BY "
                "purge_time LIMIT :limit",
                {{"now", absl::ToUnixMicros(now)}, {"limit", limit}})) {
    ids.push_back(row.Text("id"));
  }
  return ids;
}

bool Purge(store::Tx& tx, std::string_view id, absl::Time now) {
  return tx.Execute("DELETE FROM people WHERE id = :id AND purge_time <= :now",
                    {{"id", id}, {"now", absl::ToUnixMicros(now)}}) > 0;
}

}  // namespace millrace::users
