// How deep one Any may stand in another where messages are written out.
//
// Protobuf bounds how deep messages are nested, but the value of an Any is
// bytes until somebody looks, and libprotobuf's writers look at every one: each
// copies what it holds, and none counts them. 100 kB of Anys that hold each
// other would become a gigabyte. Thread-safe.
#ifndef MILLRACE_CONTRACT_ANY_NESTING_H_
#define MILLRACE_CONTRACT_ANY_NESTING_H_

#include <google/protobuf/message.h>

namespace millrace {

// An Any in a message counts one, an Any in that Any two.
constexpr int kMostNestedAnys = 16;

// Whether no Anys of `message` are nested deeper, nor hold what cannot be read
// as the type that they name. A type that is not in the message's pool is not
// looked at.
bool AnysAreFlat(const google::protobuf::Message& message);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_ANY_NESTING_H_
