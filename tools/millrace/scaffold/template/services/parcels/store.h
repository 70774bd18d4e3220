// The table `parcels`, which nobody else touches. Every function runs inside a
// transaction, on its worker thread, and throws millrace::StatusError.
#ifndef SERVICES_PARCELS_STORE_H_
#define SERVICES_PARCELS_STORE_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "services/parcels/domain.h"
#include "store/transaction.h"

namespace parcels {

void Insert(millrace::store::Tx& tx, const Parcel& parcel);

// NOT_FOUND when nothing has the id.
Parcel Find(millrace::store::Tx& tx, std::string_view id);

// At most `limit` of a person's whose ids are greater than `after`, by id.
std::vector<Parcel> ListOf(millrace::store::Tx& tx, std::string_view owner_id,
                           std::string_view after, int64_t limit);

// All that a person has. How many there were.
int64_t DeleteOf(millrace::store::Tx& tx, std::string_view owner_id);

}  // namespace parcels

#endif  // SERVICES_PARCELS_STORE_H_
