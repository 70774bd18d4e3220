// The messages that a template may say it is rendered with: those of the
// contracts that are linked into the process. Pure; any thread.
#ifndef MILLRACE_SERVICES_TEMPLATES_DATA_TYPE_H_
#define MILLRACE_SERVICES_TEMPLATES_DATA_TYPE_H_

#include <google/protobuf/descriptor.h>

#include <string>

#include "absl/status/statusor.h"

namespace millrace::templates {

// The message of that full name, such as "users.v1.UserCreated", or NOT_FOUND
// with the nearest of those that events bring.
absl::StatusOr<const google::protobuf::Descriptor*> FindDataType(
    const std::string& name);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_DATA_TYPE_H_
