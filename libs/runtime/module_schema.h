// The tables in the database of a module: those of the bus and its own. Pure.
#ifndef MILLRACE_RUNTIME_MODULE_SCHEMA_H_
#define MILLRACE_RUNTIME_MODULE_SCHEMA_H_

#include <string>
#include <vector>

#include "store/migration.h"

namespace millrace::runtime {

// What is migrated under one name: see store::Database::Migrate().
struct SchemaPart {
  std::string module;
  std::vector<store::Migration> migrations;
};

// In the order in which they are migrated. `own` are the migrations of
// `module`.
std::vector<SchemaPart> SchemaOf(const std::string& module,
                                 std::vector<store::Migration> own);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_MODULE_SCHEMA_H_
