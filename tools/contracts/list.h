// `millrace contracts list`: what events and methods there are.
#ifndef MILLRACE_TOOLS_CONTRACTS_LIST_H_
#define MILLRACE_TOOLS_CONTRACTS_LIST_H_

#include <string>
#include <vector>

#include "tools/contracts/contract_model.h"
#include "tools/contracts/document.h"

namespace millrace::contracts {

// Events and methods as a table for people, and as a document for programs.
std::string ListText(const Contracts& contracts);
Document ListDocument(const Contracts& contracts);

}  // namespace millrace::contracts

#endif  // MILLRACE_TOOLS_CONTRACTS_LIST_H_
