// Messages as they may be shown to people: without what their contracts mark
// `sensitive`. JSON replies leave such fields out too (contract/json.h), and an
// event cannot carry them (the contract compiler refuses it).
//
// A contract is all that is known of what is secret. What it does not name is
// therefore not shown either: unknown fields, which may be of a newer contract,
// and the value of an Any whose type is not known here. Thread-safe.
#ifndef MILLRACE_CONTRACT_REDACT_H_
#define MILLRACE_CONTRACT_REDACT_H_

#include <google/protobuf/message.h>

#include <string>

namespace millrace {

// Takes secrets out of `message`, at any depth: texts become "[redacted]",
// everything else is cleared.
void Redact(google::protobuf::Message* message);

// The type and the redacted fields in one line, for logs and error messages;
// protobuf's DebugString() would show secrets. As in
//   users.v1.Credentials{email: "a@b.example" password: "[redacted]"}
std::string DebugText(const google::protobuf::Message& message);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_REDACT_H_
