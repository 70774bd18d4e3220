// The AsyncAPI 3.0 document of the events: a channel for each topic, an
// operation for each event, dead letters apart. Records are what
// libs/bus/codec.h and dead_letter.h write.
//
// The bytes of a record are protobuf. Payloads are described by JSON Schema all
// the same, since it has the rules and comments, and every tool reads it:
// `contentType` says that it is application/protobuf, `x-protobuf-message` of
// which message. With `payload` kProtobuf the schema is the message's protobuf
// source instead, for tools that make code from it.
#ifndef MILLRACE_TOOLS_CONTRACTS_ASYNCAPI_H_
#define MILLRACE_TOOLS_CONTRACTS_ASYNCAPI_H_

#include "tools/contracts/contract_model.h"
#include "tools/contracts/document.h"
#include "tools/contracts/openapi.h"

namespace millrace::contracts {

enum class PayloadForm { kJsonSchema, kProtobuf };

Document AsyncApi(const Contracts& contracts, const DocumentOptions& options,
                  PayloadForm payload);

}  // namespace millrace::contracts

#endif  // MILLRACE_TOOLS_CONTRACTS_ASYNCAPI_H_
