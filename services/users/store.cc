#include "services/users/store.h"

#include "base/status.h"
#include "base/strings.h"

namespace millrace::users {
namespace {

constexpr char kColumns[] =
    "id, email, display_name, locale, revision, create_time, update_time";

Person FromRow(const store::Row& row) {
  return {.id = row.Text("id"),
          .email = row.Text("email"),
          .display_name = row.Text("display_name"),
          .locale = row.Text("locale"),
          .revision = row.Int("revision"),
          .create_time = absl::FromUnixMicros(row.Int("create_time")),
          .update_time = absl::FromUnixMicros(row.Int("update_time"))};
}

[[noreturn]] void ThrowNotFound(std::string_view id) {
  Throw(absl::NotFoundError(StrCat("there is no user with the id ", id)));
}

// Says whose e-mail address it is in the words of the caller.
int64_t ExecuteUnique(store::Tx& tx, const std::string& sql,
                      const Person& person, const store::Params& params) {
  try {
    return tx.Execute(sql, params);
  } catch (const StatusError& error) {
    if (error.status().code() != absl::StatusCode::kAlreadyExists) throw;
    Throw(absl::AlreadyExistsError(
        StrCat("another user has the e-mail address ", person.email)));
  }
}

}  // namespace

void Insert(store::Tx& tx, const Person& person) {
  ExecuteUnique(tx,
                "INSERT INTO people (id, email, display_name, locale, "
                "revision, create_time, update_time) VALUES (:id, :email, "
                ":display_name, :locale, :revision, :create_time, "
                ":update_time)",
                person,
                {{"id", person.id},
                 {"email", person.email},
                 {"display_name", person.display_name},
                 {"locale", person.locale},
                 {"revision", person.revision},
                 {"create_time", absl::ToUnixMicros(person.create_time)},
                 {"update_time", absl::ToUnixMicros(person.update_time)}});
}

void Update(store::Tx& tx, const Person& person) {
  const int64_t rows = ExecuteUnique(
      tx,
      "UPDATE people SET email = :email, display_name = :display_name, locale "
      "= :locale, revision = :revision, update_time = :update_time WHERE id = "
      ":id",
      person,
      {{"id", person.id},
       {"email", person.email},
       {"display_name", person.display_name},
       {"locale", person.locale},
       {"revision", person.revision},
       {"update_time", absl::ToUnixMicros(person.update_time)}});
  if (rows == 0) ThrowNotFound(person.id);
}

Person Find(store::Tx& tx, std::string_view id) {
  const auto row =
      tx.QueryOne(StrCat("SELECT ", kColumns, " FROM people WHERE id = :id"),
                  {{"id", std::string(id)}});
  if (!row) ThrowNotFound(id);
  return FromRow(*row);
}

void Delete(store::Tx& tx, std::string_view id) {
  const int64_t rows = tx.Execute("DELETE FROM people WHERE id = :id",
                                  {{"id", std::string(id)}});
  if (rows == 0) ThrowNotFound(id);
}

std::vector<Person> List(store::Tx& tx, std::string_view after, int64_t limit) {
  std::vector<Person> people;
  for (const store::Row& row : tx.Query(
           StrCat("SELECT ", kColumns,
                  " FROM people WHERE id > :after ORDER BY id LIMIT :limit"),
           {{"after", std::string(after)}, {"limit", limit}})) {
    people.push_back(FromRow(row));
  }
  return people;
}

}  // namespace millrace::users
