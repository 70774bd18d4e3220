// The OpenAPI 3.1 document of the HTTP face: what libs/http/connect.h serves.
//
// For each method a POST, and a GET for one without side effects. Streams are
// there as far as HTTP has words for them: the answers of a server stream as
// Server-Sent Events; a method that takes a stream as the Connect protocol's
// envelopes, whose schema OpenAPI cannot say.
#ifndef MILLRACE_TOOLS_CONTRACTS_OPENAPI_H_
#define MILLRACE_TOOLS_CONTRACTS_OPENAPI_H_

#include <string>

#include "tools/contracts/contract_model.h"
#include "tools/contracts/document.h"

namespace millrace::contracts {

struct DocumentOptions {
  std::string title;
  std::string version;
  std::string server;  // where the HTTP face is, or the broker for AsyncAPI
};

Document OpenApi(const Contracts& contracts, const DocumentOptions& options);

}  // namespace millrace::contracts

#endif  // MILLRACE_TOOLS_CONTRACTS_OPENAPI_H_
