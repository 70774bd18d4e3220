#include "services/parcels/store.h"

#include "base/status.h"
#include "base/strings.h"

namespace parcels {
namespace {

constexpr char kSelect[] =
    "SELECT id, owner_id, title, create_time FROM parcels ";

Parcel FromRow(const millrace::store::Row& row) {
  return {.id = row.Text("id"),
          .owner_id = row.Text("owner_id"),
          .title = row.Text("title"),
          .create_time = absl::FromUnixMicros(row.Int("create_time"))};
}

}  // namespace

void Insert(millrace::store::Tx& tx, const Parcel& parcel) {
  tx.Execute(
      "INSERT INTO parcels (id, owner_id, title, create_time) "
      "VALUES (:id, :owner_id, :title, :create_time)",
      {{"id", parcel.id},
       {"owner_id", parcel.owner_id},
       {"title", parcel.title},
       {"create_time", absl::ToUnixMicros(parcel.create_time)}});
}

Parcel Find(millrace::store::Tx& tx, std::string_view id) {
  const auto row =
      tx.QueryOne(millrace::StrCat(kSelect, "WHERE id = :id"), {{"id", id}});
  if (!row) {
    millrace::Throw(absl::NotFoundError(
        millrace::StrCat("there is no parcel with the id ", id)));
  }
  return FromRow(*row);
}

std::vector<Parcel> ListOf(millrace::store::Tx& tx, std::string_view owner_id,
                           std::string_view after, int64_t limit) {
  std::vector<Parcel> found;
  for (const auto& row :
       tx.Query(millrace::StrCat(kSelect,
                                 "WHERE owner_id = :owner_id AND id > :after "
                                 "ORDER BY id LIMIT :limit"),
                {{"owner_id", owner_id}, {"after", after}, {"limit", limit}})) {
    found.push_back(FromRow(row));
  }
  return found;
}

int64_t DeleteOf(millrace::store::Tx& tx, std::string_view owner_id) {
  return tx.Execute("DELETE FROM parcels WHERE owner_id = :owner_id",
                    {{"owner_id", owner_id}});
}

}  // namespace parcels
