// By the assembler: as an array the same bytes take seconds to compile.
// MILLRACE_CONTRACT_SET is the file's path.
#include "tools/contracts/embedded.h"

asm(".pushsection .rodata\n"
    ".global millrace_contracts_begin\n"
    ".global millrace_contracts_end\n"
    "millrace_contracts_begin:\n"
    ".incbin \"" MILLRACE_CONTRACT_SET
    "\"\n"
    "millrace_contracts_end:\n"
    ".popsection\n");

extern "C" const char millrace_contracts_begin[];
extern "C" const char millrace_contracts_end[];

namespace millrace::contracts {

std::string_view EmbeddedContracts() {
  return {
      millrace_contracts_begin,
      static_cast<size_t>(millrace_contracts_end - millrace_contracts_begin)};
}

}  // namespace millrace::contracts
