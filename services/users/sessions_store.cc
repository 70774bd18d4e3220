#include "services/users/sessions_store.h"

#include "base/strings.h"

namespace millrace::users {
namespace {

std::string Text(std::string_view text) { return std::string(text); }

}  // namespace

std::optional<Credential> FindCredential(store::Tx& tx,
                                         std::string_view user_id) {
  const auto row = tx.QueryOne(
      "SELECT password_hash, change_time FROM credentials WHERE user_id = "
      ":user_id",
      {{"user_id", Text(user_id)}});
  if (!row) return std::nullopt;
  return Credential{
      .hash = row->Text("password_hash"),
      .change_time = absl::FromUnixMicros(row->Int("change_time"))};
}

void SavePasswordHash(store::Tx& tx, std::string_view user_id,
                      std::string_view hash, absl::Time now) {
  tx.Execute(
      "INSERT INTO credentials (user_id, password_hash, change_time) VALUES "
      "(:user_id, :hash, :now) ON CONFLICT (user_id) DO UPDATE SET "
      "password_hash = :hash, change_time = CASE WHEN :now > "
      "credentials.change_time THEN :now ELSE credentials.change_time + 1 END",
      {{"user_id", Text(user_id)},
       {"hash", Text(hash)},
       {"now", absl::ToUnixMicros(now)}});
}

void RenewPasswordHash(store::Tx& tx, std::string_view user_id,
                       std::string_view hash, std::string_view renewed) {
  tx.Execute(
      "UPDATE credentials SET password_hash = :renewed WHERE user_id = "
      ":user_id AND password_hash = :hash",
      {{"user_id", Text(user_id)},
       {"hash", Text(hash)},
       {"renewed", Text(renewed)}});
}

void SaveTicket(store::Tx& tx, std::string_view user_id,
                std::string_view digest, absl::Time expire_time) {
  tx.Execute(
      "INSERT INTO password_tickets (user_id, digest, expire_time) VALUES "
      "(:user_id, :digest, :expire_time) ON CONFLICT (user_id) DO UPDATE SET "
      "digest = :digest, expire_time = :expire_time",
      {{"user_id", Text(user_id)},
       {"digest", Text(digest)},
       {"expire_time", absl::ToUnixMicros(expire_time)}});
}

bool HasTicket(store::Tx& tx, std::string_view digest) {
  return tx
      .QueryOne("SELECT 1 FROM password_tickets WHERE digest = :digest",
                {{"digest", Text(digest)}})
      .has_value();
}

std::optional<std::string> TakeTicket(store::Tx& tx, std::string_view digest,
                                      absl::Time now) {
  const auto row = tx.QueryOne(
      "SELECT user_id, expire_time FROM password_tickets WHERE digest = "
      ":digest",
      {{"digest", Text(digest)}});
  if (!row) return std::nullopt;
  tx.Execute("DELETE FROM password_tickets WHERE digest = :digest",
             {{"digest", Text(digest)}});
  if (row->Int("expire_time") <= absl::ToUnixMicros(now)) return std::nullopt;
  return row->Text("user_id");
}

void InsertSession(store::Tx& tx, const Session& session) {
  tx.Execute(
      "INSERT INTO sessions (id, user_id, family, current, create_time, "
      "expire_time) VALUES (:id, :user_id, :family, :current, :create_time, "
      ":expire_time)",
      {{"id", session.id},
       {"user_id", session.user_id},
       {"family", session.family},
       {"current", session.current},
       {"create_time", absl::ToUnixMicros(session.create_time)},
       {"expire_time", absl::ToUnixMicros(session.expire_time)}});
}

std::optional<Session> FindSession(store::Tx& tx, std::string_view family) {
  const auto row = tx.QueryOne(
      "SELECT id, user_id, family, current, create_time, expire_time FROM "
      "sessions WHERE family = :family",
      {{"family", Text(family)}});
  if (!row) return std::nullopt;
  return Session{.id = row->Text("id"),
                 .user_id = row->Text("user_id"),
                 .family = row->Text("family"),
                 .current = row->Text("current"),
                 .create_time = absl::FromUnixMicros(row->Int("create_time")),
                 .expire_time = absl::FromUnixMicros(row->Int("expire_time"))};
}

void UpdateSession(store::Tx& tx, const Session& session) {
  tx.Execute(
      "UPDATE sessions SET current = :current, expire_time = :expire_time "
      "WHERE id = :id",
      {{"id", session.id},
       {"current", session.current},
       {"expire_time", absl::ToUnixMicros(session.expire_time)}});
}

void DeleteSession(store::Tx& tx, std::string_view id) {
  tx.Execute("DELETE FROM sessions WHERE id = :id", {{"id", Text(id)}});
}

void DeleteSessionsOf(store::Tx& tx, std::string_view user_id) {
  tx.Execute("DELETE FROM sessions WHERE user_id = :user_id",
             {{"user_id", Text(user_id)}});
}

Failures FindFailures(store::Tx& tx, std::string_view bucket) {
  const auto row = tx.QueryOne(
      "SELECT failures, last_time FROM login_failures WHERE bucket = :bucket",
      {{"bucket", Text(bucket)}});
  if (!row) return {};
  return {row->Int("failures"), absl::FromUnixMicros(row->Int("last_time"))};
}

void SaveFailures(store::Tx& tx, std::string_view bucket,
                  const Failures& failures) {
  tx.Execute(
      "INSERT INTO login_failures (bucket, failures, last_time) VALUES "
      "(:bucket, :failures, :last) ON CONFLICT (bucket) DO UPDATE SET failures "
      "= :failures, last_time = :last",
      {{"bucket", Text(bucket)},
       {"failures", failures.count},
       {"last", absl::ToUnixMicros(failures.last)}});
}

void ForgetFailures(store::Tx& tx, std::string_view bucket) {
  tx.Execute("DELETE FROM login_failures WHERE bucket = :bucket",
             {{"bucket", Text(bucket)}});
}

int64_t PruneSessions(store::Tx& tx, absl::Time now, absl::Time remembered) {
  const store::Params at = {{"now", absl::ToUnixMicros(now)}};
  return tx.Execute("DELETE FROM sessions WHERE expire_time <= :now", at) +
         tx.Execute("DELETE FROM password_tickets WHERE expire_time <= :now",
                    at) +
         tx.Execute("DELETE FROM login_failures WHERE last_time < :remembered",
                    {{"remembered", absl::ToUnixMicros(remembered)}});
}

}  // namespace millrace::users
