#include "runtime/module_schema.h"

#include <utility>

#include "bus/inbox.h"
#include "bus/outbox.h"

namespace millrace::runtime {

std::vector<SchemaPart> SchemaOf(const std::string& module,
                                 std::vector<store::Migration> own) {
  return {{bus::kOutboxModule, bus::Outbox::Migrations()},
          {bus::kInboxModule, bus::Inbox::Migrations()},
          {module, std::move(own)}};
}

}  // namespace millrace::runtime
