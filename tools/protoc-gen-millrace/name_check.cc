#include "tools/protoc-gen-millrace/name_check.h"

#include <google/protobuf/descriptor.pb.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "tools/protoc-gen-millrace/emitter.h"
#include "tools/protoc-gen-millrace/rule_writer.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;
using Names = std::set<std::string, std::less<>>;

// Static functions of every message, which an accessor cannot overload.
const Names kCppFields = {"default_instance", "descriptor",
                          "internal_default_instance"};

// Macros of which an accessor's declaration makes no sense.
const Names kCppMacros = {"assert", "errno"};

// Macros in capitals that are numbers where the generated enum has a name.
const Names kCppConstants = {
    "CHAR_MAX", "CHAR_MIN", "E2BIG",    "EACCES",   "EAGAIN",   "EBADF",
    "EBUSY",    "ECHILD",   "EDEADLK",  "EDOM",     "EEXIST",   "EFAULT",
    "EFBIG",    "EINTR",    "EINVAL",   "EIO",      "EISDIR",   "EMFILE",
    "EMLINK",   "ENFILE",   "ENODEV",   "ENOENT",   "ENOEXEC",  "ENOMEM",
    "ENOSPC",   "ENOTDIR",  "ENOTTY",   "ENXIO",    "EOF",      "EPERM",
    "EPIPE",    "ERANGE",   "EROFS",    "ESPIPE",   "ESRCH",    "ETIMEDOUT",
    "EXDEV",    "INT_MAX",  "INT_MIN",  "LONG_MAX", "LONG_MIN", "RAND_MAX",
    "SHRT_MAX", "SHRT_MIN", "UINT_MAX", "ULONG_MAX"};

// What every message can do in Python. A field of that name takes its place.
const Names kPythonFields = {
    "ByteSize",          "Clear",       "ClearField",      "CopyFrom",
    "DESCRIPTOR",        "FromString",  "HasField",        "IsInitialized",
    "ListFields",        "MergeFrom",   "MergeFromString", "ParseFromString",
    "SerializeToString", "SetInParent", "WhichOneof"};

// Members of every object in JavaScript: protobuf.js, which grpc-js has its
// messages from, takes them for the field's value when it is not set.
const Names kJavaScriptFields = {
    "__defineGetter__", "__defineSetter__", "__lookupGetter__",
    "__lookupSetter__", "__proto__",        "constructor",
    "hasOwnProperty",   "isPrototypeOf",    "propertyIsEnumerable",
    "toLocaleString",   "toString",         "valueOf"};

// Methods of every client of grpc-js, in the spelling of methods in contracts.
// The generated method takes their place.
const Names kJavaScriptMethods = {"Close",
                                  "Constructor",
                                  "GetChannel",
                                  "MakeBidiStreamRequest",
                                  "MakeClientStreamRequest",
                                  "MakeServerStreamRequest",
                                  "MakeUnaryRequest",
                                  "WaitForReady"};

// A syntax error in Python, where `def None` is.
const Names kPythonMethods = {"False", "None", "True"};

// Members of the struct that stands for a contract, or of those for its events.
const Names kEvents = {"Contract", "Events",   "Info",
                       "Key",      "Listener", "Payload"};

class NameChecker {
 public:
  NameChecker(const pb::FileDescriptor* file, Diagnostics* diagnostics)
      : file_(file), diagnostics_(diagnostics) {}

  void Check() {
    CheckPackage();
    bool rules = false;
    for (int i = 0; i < file_->message_type_count(); ++i) {
      CheckMessage(file_->message_type(i));
      rules = rules || HasRules(file_->message_type(i));
    }
    for (int i = 0; i < file_->enum_type_count(); ++i) {
      CheckEnum(file_->enum_type(i));
    }
    bool services = false;
    for (int i = 0; i < file_->service_count(); ++i) {
      CheckService(file_->service(i));
      services = services || !IsEmitter(file_->service(i));
    }
    for (int i = 0; i < file_->message_type_count(); ++i) {
      const pb::Descriptor* message = file_->message_type(i);
      if ((message->name() == "Bind" && services) ||
          (message->name() == "Check" && rules)) {
        Refuse(Place::Of(message), "message ", message->name(),
               "the generated C++ has a function of that name in the package");
      }
    }
  }

 private:
  void Refuse(const Place& place, std::string_view kind, std::string_view name,
              std::string_view why, std::string_view fix = "another name") {
    diagnostics_->Error(place, StrCat(kind, name, " cannot be called that"),
                        why, fix);
  }

  void CheckPackage() {
    const std::vector<std::string> parts =
        absl::StrSplit(file_->package(), '.');
    for (size_t i = 0; i < parts.size(); ++i) {
      if (parts[i] != "std" && parts[i] != "absl" &&
          (parts[i] != "millrace" || i == 0)) {
        continue;
      }
      Refuse(Place::OfPackage(file_), "package ", file_->package(),
             StrCat("inside of it, ", parts[i],
                    ":: in C++ would mean the package"),
             StrCat("a package without ", parts[i]));
    }
  }

  void CheckMessage(const pb::Descriptor* message) {
    if (message->options().map_entry()) return;
    for (int i = 0; i < message->field_count(); ++i) {
      CheckField(message->field(i));
    }
    for (int i = 0; i < message->nested_type_count(); ++i) {
      CheckMessage(message->nested_type(i));
    }
    for (int i = 0; i < message->enum_type_count(); ++i) {
      CheckEnum(message->enum_type(i));
    }
  }

  void CheckField(const pb::FieldDescriptor* field) {
    const auto refuse = [&](std::string_view why) {
      Refuse(Place::Of(field), "field ", field->full_name(), why);
    };
    const std::string& name = field->name();
    if (kCppFields.count(name) > 0) {
      refuse(
          StrCat("in C++ ", name, "() is another function of every message"));
    }
    if (kCppMacros.count(name) > 0) {
      refuse(StrCat("in C++ ", name, " is a macro, and cannot be an accessor"));
    }
    if (kPythonFields.count(name) > 0) {
      refuse(StrCat("in Python ", name,
                    " is what every message has, and the field hides it"));
    }
    for (const std::string& script : {name, field->json_name()}) {
      if (kJavaScriptFields.count(script) == 0) continue;
      refuse(StrCat("in JavaScript every object has ", script,
                    ", which is taken for the field's value"));
      break;
    }
    CheckAccessors(field);
  }

  // Accessors of one field that are called as another's.
  void CheckAccessors(const pb::FieldDescriptor* field) {
    const pb::Descriptor* message = field->containing_type();
    const auto refuse = [&](const pb::FieldDescriptor* other) {
      Refuse(Place::Of(field), "field ", field->full_name(),
             StrCat("in C++ ", field->name(), "() is an accessor of ",
                    other->name(), " already"));
    };
    const auto with_prefix = [&](std::string_view prefix) {
      return field->name().starts_with(prefix)
                 ? message->FindFieldByName(field->name().substr(prefix.size()))
                 : nullptr;
    };
    if (const auto* other = with_prefix("has_")) {
      if (other->has_presence()) refuse(other);
    }
    if (const auto* other = with_prefix("clear_")) refuse(other);
    for (const std::string_view prefix : {"mutable_", "release_"}) {
      const auto* other = with_prefix(prefix);
      if (other == nullptr) continue;
      const auto type = other->cpp_type();
      const bool object = type == pb::FieldDescriptor::CPPTYPE_STRING ||
                          type == pb::FieldDescriptor::CPPTYPE_MESSAGE;
      if (other->is_repeated() ? prefix == "mutable_" : object) refuse(other);
    }
    if (field->name().ends_with("_size")) {
      const auto* other = message->FindFieldByName(
          field->name().substr(0, field->name().size() - 5));
      if (other != nullptr && other->is_repeated()) refuse(other);
    }
  }

  void CheckEnum(const pb::EnumDescriptor* type) {
    for (int i = 0; i < type->value_count(); ++i) {
      const pb::EnumValueDescriptor* value = type->value(i);
      if (kCppConstants.count(value->name()) == 0) continue;
      Refuse(Place::Of(value), "enum value ", value->name(),
             "it is a macro in C and C++, and stands for a number",
             StrCat("the name of the enum before it: ",
                    UpperSnake(type->name()), "_", value->name()));
    }
  }

  static std::string UpperSnake(const std::string& name) {
    std::string snake;
    for (const char c : name) {
      if (!snake.empty() &&
          absl::ascii_isupper(static_cast<unsigned char>(c))) {
        snake += '_';
      }
      snake += absl::ascii_toupper(static_cast<unsigned char>(c));
    }
    return snake;
  }

  void CheckService(const pb::ServiceDescriptor* service) {
    const std::string& name = service->name();
    for (const std::string& taken :
         {name + "Client", name + "Server", "Unimplemented" + name + "Server",
          "Unsafe" + name + "Server"}) {
      CheckTaken(taken, service);
    }
    for (int i = 0; i < service->method_count(); ++i) {
      CheckMethod(service->method(i));
    }
  }

  // Types that generators make of a service.
  void CheckTaken(const std::string& name,
                  const pb::ServiceDescriptor* service) {
    const std::string why =
        StrCat("that is the ", name.ends_with("Client") ? "client" : "server",
               " of service ", service->name(), " in ",
               name.ends_with("Client") ? "C++ and Go" : "Go");
    if (const auto* message = file_->FindMessageTypeByName(name)) {
      Refuse(Place::Of(message), "message ", name, why);
    }
    if (const auto* other = file_->FindServiceByName(name)) {
      Refuse(Place::Of(other), "service ", name, why);
    }
  }

  void CheckMethod(const pb::MethodDescriptor* method) {
    const bool event = IsEmitter(method->service());
    const std::string& name = method->name();
    const auto refuse = [&](std::string_view why) {
      Refuse(Place::Of(method), event ? "event " : "method ",
             StrCat(method->service()->name(), ".", name), why,
             event ? "a past participle such as Created"
                   : "a verb and a noun such as GetUser");
    };
    if (name == method->service()->name() ||
        name == method->service()->name() + "Client") {
      refuse("in C++ that would be a constructor");
    }
    if (event && kEvents.count(name) > 0) {
      refuse("the generated C++ uses the name itself");
    }
    if (event && !absl::ascii_isupper(static_cast<unsigned char>(name[0]))) {
      refuse("events are named in UpperCamelCase");
    }
    if (kPythonMethods.count(name) > 0) {
      refuse(
          "it is a keyword in Python, which grpc's generator writes as it "
          "is");
    }
    if (kJavaScriptMethods.count(name) > 0) {
      refuse(
          "every client of grpc-js has a method of that name, and would "
          "lose it");
    }
  }

  const pb::FileDescriptor* const file_;
  Diagnostics* const diagnostics_;
};

}  // namespace

void CheckNames(const pb::FileDescriptor* file, Diagnostics* diagnostics) {
  NameChecker(file, diagnostics).Check();
}

}  // namespace millrace::compiler
