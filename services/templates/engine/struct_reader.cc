// google.protobuf.Struct as it is generated: the same as by reflection, which
// makes a copy of a map for each look into it.
#include <google/protobuf/struct.pb.h>

#include <algorithm>

#include "base/strings.h"
#include "services/templates/engine/message_reader.h"

namespace millrace::templates {

namespace pb = google::protobuf;

Value MessageReader::ReadStruct(const pb::Struct& data, int depth) {
  std::vector<Member> members;
  members.reserve(data.fields_size());
  for (const auto& [key, value] : data.fields()) {
    if (!status_.ok()) return {};
    members.push_back(MakeMember(key, ReadStructValue(value, depth + 1)));
  }
  std::sort(members.begin(), members.end(),
            [](const Member& a, const Member& b) {
              return a.key_view() < b.key_view();
            });
  return Object(members);
}

Value MessageReader::ReadStructValue(const pb::Value& value, int depth) {
  if (depth > max_depth_) {
    return Fail(StrCat("the message is nested deeper than ", max_depth_));
  }
  switch (value.kind_case()) {
    case pb::Value::kNumberValue:
      return Number(value.number_value());
    case pb::Value::kStringValue:
      return Text(value.string_value());
    case pb::Value::kBoolValue: {
      Value result;
      result.kind = value.bool_value() ? Kind::kTrue : Kind::kFalse;
      return result;
    }
    case pb::Value::kStructValue:
      return ReadStruct(value.struct_value(), depth);
    case pb::Value::kListValue: {
      std::vector<Value> items;
      items.reserve(value.list_value().values_size());
      for (const pb::Value& item : value.list_value().values()) {
        if (!status_.ok()) return {};
        items.push_back(ReadStructValue(item, depth + 1));
      }
      return List(items);
    }
    case pb::Value::kNullValue:
    case pb::Value::KIND_NOT_SET:
      return {};
  }
  return {};
}

}  // namespace millrace::templates
