// The two tables that a fault test compares: what was changed, with an event
// for each, and what was applied of it. Functions for worker threads.
//
//   changes   a row per change: the key and its number, 1, 2, ... within it
//   applied   a row per event applied; nothing keeps it from having one twice
#ifndef MILLRACE_TESTS_FAULTS_LEDGER_H_
#define MILLRACE_TESTS_FAULTS_LEDGER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/migration.h"
#include "store/transaction.h"

namespace millrace::faults {

// Numbers of changes that are rolled back begin here.
inline constexpr int64_t kRolledBack = 1'000'000'000;

std::vector<store::Migration> LedgerMigrations();

// The number of the next change of `key`, which is added; 0 when the key has
// `wanted` already.
int64_t AddChange(store::Tx& tx, const std::string& key, int64_t wanted);
void AddApplied(store::Tx& tx, const std::string& key, int64_t number);

int64_t Count(store::Tx& tx, std::string_view table);
// "KEY NUMBER" lines, in the order in which they were added.
std::vector<std::string> Dump(store::Tx& tx, std::string_view table);

}  // namespace millrace::faults

#endif  // MILLRACE_TESTS_FAULTS_LEDGER_H_
