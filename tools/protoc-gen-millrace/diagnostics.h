// The errors of the contract compiler: where, what, why, and what to write
// instead.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DIAGNOSTICS_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DIAGNOSTICS_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

namespace millrace::compiler {

// Points at a declaration, or at one of its options.
struct Place {
  const google::protobuf::FileDescriptor* file = nullptr;
  std::vector<int> path;  // as in google.protobuf.SourceCodeInfo

  static Place Of(const google::protobuf::Descriptor* message);
  static Place Of(const google::protobuf::ServiceDescriptor* service);
  static Place Of(const google::protobuf::MethodDescriptor* method);
  static Place Of(const google::protobuf::FieldDescriptor* field);

  static Place Of(const google::protobuf::EnumValueDescriptor* value);

  // The package statement.
  static Place OfPackage(const google::protobuf::FileDescriptor* file);

  // The input or the result in a method's declaration.
  static Place OfInput(const google::protobuf::MethodDescriptor* method);
  static Place OfOutput(const google::protobuf::MethodDescriptor* method);

  // An option of the declaration: the extension with this number, or the
  // declaration itself when the option is not there.
  static Place OfOption(const google::protobuf::ServiceDescriptor* service,
                        int number);
  static Place OfOption(const google::protobuf::MethodDescriptor* method,
                        int number);
  static Place OfOption(const google::protobuf::FieldDescriptor* field,
                        int number);
  static Place OfOption(const google::protobuf::Descriptor* message,
                        int number);
  // The option of a file with this index, for one that can be repeated.
  static Place OfOption(const google::protobuf::FileDescriptor* file,
                        int number, int index);

  // "users/v1/events.proto:21:12", counted from 1.
  std::string ToString() const;
};

// Collects errors, so that one run shows all of them.
class Diagnostics {
 public:
  // `what` is one sentence without a full stop; `why` and `fix` may be empty.
  void Error(const Place& place, std::string_view what, std::string_view why,
             std::string_view fix);

  bool ok() const { return errors_.empty(); }

  // All errors in the order of the files and lines.
  std::string ToString() const;

 private:
  struct Entry {
    std::string file;
    int line;
    std::string text;
  };
  std::vector<Entry> errors_;
};

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DIAGNOSTICS_H_
