#include "tools/protoc-gen-millrace/diagnostics.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <tuple>

#include "base/strings.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;

std::vector<int> PathOf(const pb::Descriptor* message) {
  if (message->containing_type() == nullptr) {
    return {pb::FileDescriptorProto::kMessageTypeFieldNumber, message->index()};
  }
  std::vector<int> path = PathOf(message->containing_type());
  path.push_back(pb::DescriptorProto::kNestedTypeFieldNumber);
  path.push_back(message->index());
  return path;
}

Place Deeper(Place place, std::initializer_list<int> steps) {
  place.path.insert(place.path.end(), steps);
  return place;
}

// The location of the path, or of the nearest declaration around it.
pb::SourceLocation Locate(const Place& place) {
  pb::SourceLocation location = {};  // the beginning, when there is none
  std::vector<int> path = place.path;
  while (!path.empty() && !place.file->GetSourceLocation(path, &location)) {
    path.pop_back();
  }
  return location;
}

}  // namespace

Place Place::Of(const pb::Descriptor* message) {
  return {message->file(), PathOf(message)};
}

Place Place::Of(const pb::ServiceDescriptor* service) {
  return {service->file(),
          {pb::FileDescriptorProto::kServiceFieldNumber, service->index()}};
}

Place Place::Of(const pb::MethodDescriptor* method) {
  return Deeper(
      Of(method->service()),
      {pb::ServiceDescriptorProto::kMethodFieldNumber, method->index()});
}

Place Place::Of(const pb::FieldDescriptor* field) {
  return Deeper({field->file(), PathOf(field->containing_type())},
                {pb::DescriptorProto::kFieldFieldNumber, field->index()});
}

Place Place::Of(const pb::EnumValueDescriptor* value) {
  const pb::EnumDescriptor* type = value->type();
  const Place around =
      type->containing_type() != nullptr
          ? Deeper(Of(type->containing_type()),
                   {pb::DescriptorProto::kEnumTypeFieldNumber, type->index()})
          : Place{
                type->file(),
                {pb::FileDescriptorProto::kEnumTypeFieldNumber, type->index()}};
  return Deeper(around,
                {pb::EnumDescriptorProto::kValueFieldNumber, value->index()});
}

Place Place::OfPackage(const pb::FileDescriptor* file) {
  return {file, {pb::FileDescriptorProto::kPackageFieldNumber}};
}

Place Place::OfInput(const pb::MethodDescriptor* method) {
  return Deeper(Of(method), {pb::MethodDescriptorProto::kInputTypeFieldNumber});
}

Place Place::OfOutput(const pb::MethodDescriptor* method) {
  return Deeper(Of(method),
                {pb::MethodDescriptorProto::kOutputTypeFieldNumber});
}

Place Place::OfOption(const pb::ServiceDescriptor* service, int number) {
  return Deeper(Of(service),
                {pb::ServiceDescriptorProto::kOptionsFieldNumber, number});
}

Place Place::OfOption(const pb::MethodDescriptor* method, int number) {
  return Deeper(Of(method),
                {pb::MethodDescriptorProto::kOptionsFieldNumber, number});
}

Place Place::OfOption(const pb::FieldDescriptor* field, int number) {
  return Deeper(Of(field),
                {pb::FieldDescriptorProto::kOptionsFieldNumber, number});
}

Place Place::OfOption(const pb::Descriptor* message, int number) {
  return Deeper(Of(message),
                {pb::DescriptorProto::kOptionsFieldNumber, number});
}

Place Place::OfOption(const pb::FileDescriptor* file, int number, int index) {
  return {file, {pb::FileDescriptorProto::kOptionsFieldNumber, number, index}};
}

std::string Place::ToString() const {
  const pb::SourceLocation location = Locate(*this);
  return StrCat(file->name(), ":", location.start_line + 1, ":",
                location.start_column + 1);
}

void Diagnostics::Error(const Place& place, std::string_view what,
                        std::string_view why, std::string_view fix) {
  std::string text = StrCat(place.ToString(), ": error: ", what, "\n");
  if (!why.empty()) StrAppend(&text, "  why: ", why, "\n");
  if (!fix.empty()) StrAppend(&text, "  fix: ", fix, "\n");
  errors_.push_back({place.file->name(), Locate(place).start_line, text});
}

std::string Diagnostics::ToString() const {
  std::vector<Entry> sorted = errors_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Entry& a, const Entry& b) {
                     return std::tie(a.file, a.line) < std::tie(b.file, b.line);
                   });
  std::string text = StrCat(sorted.size(), " error",
                            sorted.size() == 1 ? "" : "s", " in contracts\n");
  for (const Entry& entry : sorted) text += entry.text;
  text.pop_back();
  return text;
}

}  // namespace millrace::compiler
