// protoc-gen-millrace: the contract compiler, as a plugin of protoc.
//
//   protoc --millrace_out=<dir> users/v1/events.proto
//   protoc --millrace_out=check:<dir> ...      checks and writes nothing
//   protoc --millrace_out=derive:<dir> ...     writes user.derived.proto for
//                                              users/v1/user.proto
#include <google/protobuf/compiler/plugin.h>

#include "tools/protoc-gen-millrace/generator.h"

int main(int argc, char* argv[]) {
  millrace::compiler::Generator generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
