// The parcels service and the platform's own in one process: `platform`. What
// it hosts of them the configuration says, so that `platform --services admin`
// is the admin of an installation with this service: its trail has the events
// of this contract, its permissions those of these methods.

#include "parcels/v1/events.millrace.h"
#include "parcels/v1/parcels.millrace.h"
#include "runtime/main.h"
#include "services/admin/module.h"
#include "services/parcels/module.h"
#include "services/templates/module.h"
#include "services/users/module.h"

int main(int argc, char** argv) {
  return millrace::runtime::Main(
      argc, argv,
      {&parcels::NewModule, &millrace::users::NewModule,
       millrace::templates::Modules(),
       millrace::admin::Modules(
           {.contracts = {&parcels::v1::ParcelEvents::Info()},
            .services = {&parcels::v1::ParcelsService::Info()}})});
}
