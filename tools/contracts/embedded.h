// The platform's own contracts, which the build puts into the program.
#ifndef MILLRACE_TOOLS_CONTRACTS_EMBEDDED_H_
#define MILLRACE_TOOLS_CONTRACTS_EMBEDDED_H_

#include <string_view>

namespace millrace::contracts {

// The bytes of build/<preset>/gen/contracts.binpb. They live as long as the
// program.
std::string_view EmbeddedContracts();

}  // namespace millrace::contracts

#endif  // MILLRACE_TOOLS_CONTRACTS_EMBEDDED_H_
