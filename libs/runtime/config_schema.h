// What reflection tells about the configuration: the names its values have in
// the environment and as flags. Pure; any thread.
//
// A path is the dotted name of a value: "http.port", "databases.users.url".
#ifndef MILLRACE_RUNTIME_CONFIG_SCHEMA_H_
#define MILLRACE_RUNTIME_CONFIG_SCHEMA_H_

#include <google/protobuf/descriptor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/config.pb.h"

namespace millrace::runtime {

const config::v1::Setting& SettingOf(const google::protobuf::FieldDescriptor&);

// The fields of a message in their order, then those by which modules extend it
// (config.proto, Settings) in that of their names.
std::vector<const google::protobuf::FieldDescriptor*> FieldsOf(
    const google::protobuf::Descriptor& message);
const google::protobuf::FieldDescriptor* FieldNamed(
    const google::protobuf::Descriptor& message, std::string_view name);

// The field that a path leads to, through maps; nullptr when there is none.
const google::protobuf::FieldDescriptor* FindField(std::string_view path);

// Every path that holds a value. The keys of maps are `services`.
std::vector<std::string> Paths(const std::vector<std::string>& services);

// "MILLRACE_HTTP_PORT" for "http.port".
std::string EnvironmentName(std::string_view path);

// The path that an environment variable sets. A key of a map is in lower case.
std::optional<std::string> PathOfEnvironment(std::string_view name);

// How to give a value: "set it with --http-port or MILLRACE_HTTP_PORT".
std::string HowToSet(std::string_view path);

struct FlagOfPath {
  std::string flag;  // "--http-port"
  std::string path;  // "http.port"
};
std::vector<FlagOfPath> Flags();

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_CONFIG_SCHEMA_H_
