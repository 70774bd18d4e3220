// What the templates service needs and what it provides.
#ifndef MILLRACE_SERVICES_TEMPLATES_MODULE_H_
#define MILLRACE_SERVICES_TEMPLATES_MODULE_H_

#include "runtime/module.h"

namespace millrace::templates {

// Makes the modules of one process, one for each loop: they share what is
// compiled.
runtime::ModuleFactory Modules();

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_MODULE_H_
