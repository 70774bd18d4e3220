// Whether the data that a template reads is there in a message's type.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_CHECK_FIELDS_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_CHECK_FIELDS_H_

#include <google/protobuf/descriptor.h>

#include <vector>

#include "services/templates/engine/program.h"

namespace millrace::templates {

// A diagnostic for each field that no message of the type has where the
// template looks for it, with the nearest name that there is. What cannot be
// known, as below a Struct or an Any, is let pass. Thread-safe.
std::vector<Diagnostic> CheckFields(const std::vector<FieldRead>& fields,
                                    const google::protobuf::Descriptor& type);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_CHECK_FIELDS_H_
