// parcels.v1.ParcelsService: wire messages in, the domain's words inside, one
// transaction for the row and its event. Loop thread; everything it is given
// outlives it.
#ifndef SERVICES_PARCELS_RPC_H_
#define SERVICES_PARCELS_RPC_H_

#include <cstdint>

#include "base/clock.h"
#include "bus/outbox.h"
#include "parcels/v1/parcels.millrace.h"
#include "store/database.h"

namespace parcels {

class ParcelsRpc final : public v1::ParcelsService {
 public:
  ParcelsRpc(millrace::store::Database& database, millrace::bus::Outbox& outbox,
             const millrace::Clock& clock)
      : database_(database), outbox_(outbox), clock_(clock) {}

  // Of a list that is not asked for a number.
  void SetPageSize(int32_t size) { page_size_ = size; }

  millrace::Promise<v1::Parcel> CreateParcel(
      const millrace::Call& call,
      const v1::CreateParcelRequest& request) override;
  millrace::Promise<v1::Parcel> GetParcel(
      const millrace::Call& call, const v1::GetParcelRequest& request) override;
  millrace::Promise<v1::ListParcelsResponse> ListParcels(
      const millrace::Call& call,
      const v1::ListParcelsRequest& request) override;

 private:
  millrace::store::Database& database_;
  millrace::bus::Outbox& outbox_;
  const millrace::Clock& clock_;
  int32_t page_size_ = 50;
};

}  // namespace parcels

#endif  // SERVICES_PARCELS_RPC_H_
