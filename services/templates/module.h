// What the templates service needs and what it provides.
#ifndef MILLRACE_SERVICES_TEMPLATES_MODULE_H_
#define MILLRACE_SERVICES_TEMPLATES_MODULE_H_

#include <memory>

#include "runtime/module.h"

namespace millrace::templates {

std::unique_ptr<runtime::Module> NewModule();

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_MODULE_H_
