// What the parcels service needs and what it provides.
#ifndef SERVICES_PARCELS_MODULE_H_
#define SERVICES_PARCELS_MODULE_H_

#include <memory>

#include "runtime/module.h"

namespace parcels {

std::unique_ptr<millrace::runtime::Module> NewModule();

}  // namespace parcels

#endif  // SERVICES_PARCELS_MODULE_H_
