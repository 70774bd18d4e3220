// The records of topics in AsyncAPI: headers, keys and bindings, as
// libs/bus/codec.h and dead_letter.h have them.
#ifndef MILLRACE_TOOLS_CONTRACTS_ASYNCAPI_RECORDS_H_
#define MILLRACE_TOOLS_CONTRACTS_ASYNCAPI_RECORDS_H_

#include <cstdint>
#include <string>

#include "tools/contracts/contract_model.h"
#include "tools/contracts/document.h"

namespace millrace::contracts {

// Names of the schemas below.
inline constexpr char kEventHeaders[] = "CloudEventHeaders";
inline constexpr char kDeadLetterHeaders[] = "DeadLetterHeaders";
inline constexpr char kReplayedHeaders[] = "ReplayedHeaders";

void AddHeaderSchemas(Document* schemas);

// The headers of one event: all of CloudEvents', with its type.
Document HeadersOf(const EventModel& event);

// bindings.kafka of a message and of a channel.
Document KeyBinding(const EventModel& event);
Document TopicBinding(const std::string& topic, int partitions,
                      int64_t retention_ms);

}  // namespace millrace::contracts

#endif  // MILLRACE_TOOLS_CONTRACTS_ASYNCAPI_RECORDS_H_
