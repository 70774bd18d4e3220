// The C++ names of what a contract declares, and small text helpers for code.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_NAMES_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_NAMES_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

namespace millrace::compiler {

// "users/v1/users.millrace.h" for users/v1/users.proto.
std::string HeaderName(const google::protobuf::FileDescriptor* file);
std::string SourceName(const google::protobuf::FileDescriptor* file);
std::string MessagesHeaderName(const google::protobuf::FileDescriptor* file);

// "USERS_V1_USERS_MILLRACE_H_".
std::string GuardName(const google::protobuf::FileDescriptor* file);

// "users::v1"; "" for a file without a package.
std::string NamespaceName(const google::protobuf::FileDescriptor* file);

// How a message is called inside the class that stands for `service`: by its
// name alone, unless it is of another package or a method has the same name.
std::string TypeName(const google::protobuf::Descriptor* message,
                     const google::protobuf::ServiceDescriptor* service);

// How a message is called in the namespace of `file`.
std::string TypeName(const google::protobuf::Descriptor* message,
                     const google::protobuf::FileDescriptor* file);

// The constant of an enum value, qualified.
std::string EnumConstant(const google::protobuf::EnumValueDescriptor* value);

// Each line of the text behind "//".
std::string CommentLines(const std::string& text);

// A sentence or more as comment lines that are no longer than 80 columns.
std::string WrappedComment(const std::string& text);

// The doc comment of a declaration as lines of "// ...", each with a line
// break; "" when there is none. Comments behind it, and those that an empty
// line parts from it, are not its own.
template <typename Descriptor>
std::string CommentOf(const Descriptor* descriptor) {
  google::protobuf::SourceLocation location;
  descriptor->GetSourceLocation(&location);
  return CommentLines(location.leading_comments);
}

// "head(a, b)tail" on one line if it fits into `width`, or with the arguments
// on more lines, as clang-format would break it.
std::string Breakable(std::string_view head,
                      const std::vector<std::string>& arguments,
                      std::string_view tail, size_t width);

// "head<a, b>tail", the items below each other where they do not fit on a line.
std::string BracketedList(std::string_view head,
                          const std::vector<std::string>& items,
                          std::string_view tail, size_t width);

// A C++ string literal.
std::string Quoted(std::string_view text);

// "a, b or c".
std::string ListOf(const std::vector<std::string>& words,
                   std::string_view conjunction);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_NAMES_H_
