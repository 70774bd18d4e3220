// What the admin service needs and what it provides.
#ifndef MILLRACE_SERVICES_ADMIN_MODULE_H_
#define MILLRACE_SERVICES_ADMIN_MODULE_H_

#include <memory>

#include "runtime/module.h"

namespace millrace::admin {

std::unique_ptr<runtime::Module> NewModule();

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_MODULE_H_
