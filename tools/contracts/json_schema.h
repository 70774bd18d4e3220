// Messages as JSON Schema: the proto3 JSON mapping with the rules of the
// contract, written once for OpenAPI and AsyncAPI.
//
// The schemas say what a value that is sent must be. Where the platform takes
// more than one form (a 64-bit number as a string or as a number, a field that
// is left out or null), they have the one that it writes itself; and a rule
// without `required` lets a field be left out, not be sent as "" or 0. So
// whatever is answered satisfies the schema, and whatever satisfies it is let
// in, as far as JSON Schema has words for a rule (json_schema_rules.cc has the
// exceptions).
//
// They keep to what draft 7 (AsyncAPI) and 2020-12 (OpenAPI 3.1) have in
// common: a reference with a description beside it is written as `allOf`.
#ifndef MILLRACE_TOOLS_CONTRACTS_JSON_SCHEMA_H_
#define MILLRACE_TOOLS_CONTRACTS_JSON_SCHEMA_H_

#include <google/protobuf/descriptor.h>

#include <map>
#include <set>
#include <string>

#include "tools/contracts/document.h"

namespace millrace::contracts {

// Schemas that refer to each other below "#/components/schemas/". Single
// thread; the descriptors outlive it.
class SchemaBook {
 public:
  // {$ref: ...} to the message, or the schema itself for one of the standard's
  // types (Timestamp, Struct, Any and so on). Messages that are only answered
  // may get more fields; what is sent to the platform may not have fields that
  // it does not know.
  Document Sent(const google::protobuf::Descriptor* message);
  Document Answered(const google::protobuf::Descriptor* message);

  // All that were referred to, and those that they refer to, by name.
  Document Components() const;

 private:
  Document Refer(const google::protobuf::Descriptor* message);
  void Reach(const google::protobuf::Descriptor* message,
             std::set<const google::protobuf::Descriptor*>* reached);

  std::map<std::string, const google::protobuf::Descriptor*> messages_;
  std::set<const google::protobuf::Descriptor*> sent_;
  std::set<const google::protobuf::Descriptor*> answered_;
};

// One value of the field, without what its rules say: an element, if it is
// repeated. Messages are referred to by name.
Document ValueSchema(const google::protobuf::FieldDescriptor* field);

// Adds to the schema of one value, or of the whole list or map, what the rules
// of the field say.
void AddValueRules(const google::protobuf::FieldDescriptor* field,
                   Document* schema);
void AddListRules(const google::protobuf::FieldDescriptor* field,
                  Document* schema);

}  // namespace millrace::contracts

#endif  // MILLRACE_TOOLS_CONTRACTS_JSON_SCHEMA_H_
