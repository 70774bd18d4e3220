// Errors of the HTTP face in OpenAPI: what libs/http/status_mapping.h writes.
#ifndef MILLRACE_TOOLS_CONTRACTS_OPENAPI_ERRORS_H_
#define MILLRACE_TOOLS_CONTRACTS_OPENAPI_ERRORS_H_

#include <google/protobuf/descriptor.h>

#include <set>
#include <string>

#include "tools/contracts/document.h"

namespace millrace::contracts {

// The schema of an error's body, and of what is in it.
void AddErrorSchemas(Document* schemas);

// Adds to the `responses` of a method the errors that can be told beforehand:
// those that any call may meet, and those whose names its comment has
// ("NOT_FOUND when nobody has the id"). The rest is `default`. The HTTP
// statuses that were used are added to `used`.
void AddErrorResponses(const google::protobuf::MethodDescriptor* method,
                       bool has_body, Document* responses, std::set<int>* used);

// components.responses for those.
Document ErrorResponses(const std::set<int>& used);

}  // namespace millrace::contracts

#endif  // MILLRACE_TOOLS_CONTRACTS_OPENAPI_ERRORS_H_
