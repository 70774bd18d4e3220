#include "services/parcels/rpc.h"

#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "contract/page_token.h"
#include "contract/time.h"
#include "parcels/v1/events.millrace.h"
#include "services/parcels/domain.h"
#include "services/parcels/store.h"

namespace parcels {
namespace {

using millrace::Call;
using millrace::Promise;
using millrace::store::Tx;

v1::Parcel ToMessage(const Parcel& parcel) {
  v1::Parcel message;
  message.set_id(parcel.id);
  message.set_owner_id(parcel.owner_id);
  message.set_title(parcel.title);
  millrace::SetTimestamp(parcel.create_time, message.mutable_create_time());
  return message;
}

v1::ParcelCreated ToCreated(const Parcel& parcel) {
  v1::ParcelCreated event;
  event.set_parcel_id(parcel.id);
  event.set_owner_id(parcel.owner_id);
  event.set_title(parcel.title);
  millrace::SetTimestamp(parcel.create_time, event.mutable_create_time());
  return event;
}

}  // namespace

// What the contract's rules say has been checked before a handler is called.
// The function given to Transact() may run more than once, and has no effects
// but through its transaction.
Promise<v1::Parcel> ParcelsRpc::CreateParcel(
    const Call& call, const v1::CreateParcelRequest& request) {
  const Parcel parcel = millrace::ValueOrThrow(NewParcel(
      millrace::NewId(), request.owner_id(), request.title(), clock_.Now()));
  co_await database_.Transact(call.context, [&](Tx& tx) {
    Insert(tx, parcel);
    outbox_.Emit<v1::ParcelEvents::Created>(tx, ToCreated(parcel));
  });
  co_return ToMessage(parcel);
}

Promise<v1::Parcel> ParcelsRpc::GetParcel(const Call& call,
                                          const v1::GetParcelRequest& request) {
  const Parcel parcel = co_await database_.Read(
      call.context, [&](Tx& tx) { return Find(tx, request.id()); });
  co_return ToMessage(parcel);
}

Promise<v1::ListParcelsResponse> ParcelsRpc::ListParcels(
    const Call& call, const v1::ListParcelsRequest& request) {
  const std::string after =
      millrace::ValueOrThrow(millrace::ReadPageToken(request.page_token()));
  const int64_t size = millrace::PageSize(
      request.page_size() == 0 ? page_size_ : request.page_size());
  const std::vector<Parcel> found = co_await database_.Read(
      call.context,
      [&](Tx& tx) { return ListOf(tx, request.owner_id(), after, size + 1); });
  v1::ListParcelsResponse response;
  response.set_next_page_token(millrace::FillPage(
      found, size,
      [&](const Parcel& parcel) {
        *response.add_parcels() = ToMessage(parcel);
      },
      [](const Parcel& parcel) {
        return millrace::WritePageToken(parcel.id);
      }));
  co_return response;
}

}  // namespace parcels
