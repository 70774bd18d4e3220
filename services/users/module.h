// What the users service needs and what it provides.
#ifndef MILLRACE_SERVICES_USERS_MODULE_H_
#define MILLRACE_SERVICES_USERS_MODULE_H_

#include <memory>

#include "runtime/module.h"

namespace millrace::users {

std::unique_ptr<runtime::Module> NewModule();

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_MODULE_H_
