// What the admin service needs and what it provides.
#ifndef MILLRACE_SERVICES_ADMIN_MODULE_H_
#define MILLRACE_SERVICES_ADMIN_MODULE_H_

#include <memory>
#include <vector>

#include "runtime/module.h"

namespace millrace::admin {

// Whom admin watches over besides the platform's own services: the audit trail
// has the events of their contracts, and so has the list of dead letters;
// topology and permissions have their methods. Those of the process that it is
// in it finds by itself.
struct Watched {
  std::vector<const ContractInfo*> contracts;
  std::vector<const ServiceInfo*> services;
};

// A program for an installation with services of others names them:
//   admin::Modules({.contracts = {&orders::v1::OrderEvents::Info()},
//                   .services = {&orders::v1::OrdersService::Info()}})
runtime::ModuleFactory Modules(Watched others = {});

std::unique_ptr<runtime::Module> NewModule();

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_MODULE_H_
