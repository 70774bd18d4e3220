#include "tests/fuzz/contract_compiler/mutate.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/stubs/logging.h>

#include <iterator>
#include <limits>
#include <string>
#include <vector>

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;
using pb::Message;
using pb::Reflection;

// What contracts and errors turn on.
const char* const kWords[] = {
    "",
    ".",
    "a",
    "id",
    "user_id",
    "user.id",
    "Created",
    "Listener",
    "UserEvents",
    "errors.UserEvents",
    "golden.v1.PenEvents",
    "golden.v1.BoardEvents",
    ".google.protobuf.Empty",
    ".errors.UserCreated",
    "users.v1.events",
    "users.v1",
    "7d",
    "0ms",
    "999999999d",
    "descriptor",
    "constructor",
    "None",
    "class",
    "[0-9",
    "(a{100}){100}",
    "\\",
    "\xff",
    "// a\n * b\\\n\r\x01",
    "check",
    "layout",
    "check,layout",
};
constexpr int64_t kNumbers[] = {0,     1,     2,      3,         5,
                                -1,    8,     100,    51001,     51002,
                                51003, 51004, 536870, 1 << 30,   -(1 << 30),
                                255,   65536, 19000,  INT32_MAX, INT32_MIN};
const double kReals[] = {0,
                         1,
                         -1,
                         0.5,
                         1e300,
                         9007199254740993.0,
                         std::numeric_limits<double>::infinity(),
                         std::numeric_limits<double>::quiet_NaN()};

// The messages of the request that are worth changing: those of files that
// somebody wrote, and not the table of places in the text.
void Collect(Message* message, std::vector<Message*>* messages) {
  if (message->GetDescriptor() == pb::SourceCodeInfo::descriptor()) return;
  messages->push_back(message);
  const Reflection* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      Collect(reflection->MutableMessage(message, field), messages);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
      Collect(reflection->MutableRepeatedMessage(message, field, i), messages);
    }
  }
}

class Mutator {
 public:
  Mutator(pb::compiler::CodeGeneratorRequest* request, Random* random)
      : request_(request), random_(*random) {}

  void Mutate() {
    std::vector<Message*> messages;
    Collect(request_, &messages);
    Message* message = Any(messages);
    switch (random_.Below(8)) {
      case 0:
      case 1:
        return Set(message, AnyField(*message));
      case 2:
        return Set(message, AnySetField(*message));
      case 3:
        return Remove(message);
      case 4:
        return Repeat(message);
      case 5:
        return Swap(message);
      case 6:
        return CopyFrom(message, messages);
      default:
        return SetOption(message);
    }
  }

 private:
  template <typename T>
  T Any(const std::vector<T>& items) {
    return items[random_.Below(items.size())];
  }

  const FieldDescriptor* AnyField(const Message& message) {
    const pb::Descriptor* type = message.GetDescriptor();
    if (type->field_count() == 0) return nullptr;
    return type->field(static_cast<int>(
        random_.Below(static_cast<size_t>(type->field_count()))));
  }

  // Null when none is set.
  const FieldDescriptor* AnySetField(const Message& message) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    return fields.empty() ? nullptr : Any(fields);
  }

  std::string Text() {
    std::string text = kWords[random_.Below(std::size(kWords))];
    while (random_.OneIn(4)) {
      text += kWords[random_.Below(std::size(kWords))];
    }
    return text;
  }

  // Gives the field, or one of its elements, another value.
  void Set(Message* message, const FieldDescriptor* field) {
    if (field == nullptr ||
        field->message_type() == pb::SourceCodeInfo::descriptor()) {
      return;
    }
    const Reflection* reflection = message->GetReflection();
    const bool list = field->is_repeated();
    int at = list ? reflection->FieldSize(*message, field) : 0;
    const bool add = list && (at == 0 || random_.OneIn(2));
    if (list && !add) {
      at = static_cast<int>(random_.Below(static_cast<size_t>(at)));
    }
    const auto number = kNumbers[random_.Below(std::size(kNumbers))];
    const double real = kReals[random_.Below(std::size(kReals))];
    switch (field->cpp_type()) {
#define MILLRACE_SET(CASE, NAME, VALUE)                         \
  case FieldDescriptor::CPPTYPE_##CASE:                         \
    if (add) {                                                  \
      reflection->Add##NAME(message, field, VALUE);             \
    } else if (list) {                                          \
      reflection->SetRepeated##NAME(message, field, at, VALUE); \
    } else {                                                    \
      reflection->Set##NAME(message, field, VALUE);             \
    }                                                           \
    return;
      MILLRACE_SET(INT32, Int32, static_cast<int32_t>(number))
      MILLRACE_SET(INT64, Int64, number)
      MILLRACE_SET(UINT32, UInt32, static_cast<uint32_t>(number))
      MILLRACE_SET(UINT64, UInt64, static_cast<uint64_t>(number))
      MILLRACE_SET(DOUBLE, Double, real)
      MILLRACE_SET(FLOAT, Float, static_cast<float>(real))
      MILLRACE_SET(BOOL, Bool, random_.OneIn(2))
      MILLRACE_SET(STRING, String, Text())
#undef MILLRACE_SET
      case FieldDescriptor::CPPTYPE_ENUM: {
        const pb::EnumDescriptor* type = field->enum_type();
        const auto* value = type->value(static_cast<int>(
            random_.Below(static_cast<size_t>(type->value_count()))));
        if (add) {
          reflection->AddEnum(message, field, value);
        } else if (list) {
          reflection->SetRepeatedEnum(message, field, at, value);
        } else {
          reflection->SetEnum(message, field, value);
        }
        return;
      }
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        Message* inner =
            add    ? reflection->AddMessage(message, field)
            : list ? reflection->MutableRepeatedMessage(message, field, at)
                   : reflection->MutableMessage(message, field);
        Set(inner, AnyField(*inner));
        return;
      }
    }
  }

  // An option of contracts, on whatever has options.
  void SetOption(Message* message) {
    const pb::Descriptor* type = message->GetDescriptor();
    const FieldDescriptor* options = type->FindFieldByName("options");
    if (options != nullptr && options->message_type() != nullptr) {
      message = message->GetReflection()->MutableMessage(message, options);
      type = message->GetDescriptor();
    }
    std::vector<const FieldDescriptor*> extensions;
    pb::DescriptorPool::generated_pool()->FindAllExtensions(type, &extensions);
    if (extensions.empty()) return;
    Set(message, Any(extensions));
  }

  void Remove(Message* message) {
    const FieldDescriptor* field = AnySetField(*message);
    if (field == nullptr) return;
    const Reflection* reflection = message->GetReflection();
    if (field->is_repeated() && !random_.OneIn(4)) {
      reflection->RemoveLast(message, field);
    } else {
      reflection->ClearField(message, field);
    }
  }

  // Another element like one that is there.
  void Repeat(Message* message) {
    const FieldDescriptor* field = AnySetField(*message);
    if (field == nullptr || !field->is_repeated() ||
        field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      return;
    }
    const Reflection* reflection = message->GetReflection();
    const int size = reflection->FieldSize(*message, field);
    if (size > 50) return;
    const int at = static_cast<int>(random_.Below(static_cast<size_t>(size)));
    // Adding may move the elements, so that this is a copy.
    const std::string bytes =
        reflection->GetRepeatedMessage(*message, field, at)
            .SerializePartialAsString();
    reflection->AddMessage(message, field)->ParsePartialFromString(bytes);
  }

  void Swap(Message* message) {
    const FieldDescriptor* field = AnySetField(*message);
    if (field == nullptr || !field->is_repeated()) return;
    const Reflection* reflection = message->GetReflection();
    const auto size =
        static_cast<size_t>(reflection->FieldSize(*message, field));
    reflection->SwapElements(message, field,
                             static_cast<int>(random_.Below(size)),
                             static_cast<int>(random_.Below(size)));
  }

  // The same as another message of its type has.
  void CopyFrom(Message* message, const std::vector<Message*>& messages) {
    std::vector<Message*> others;
    for (Message* other : messages) {
      if (other != message &&
          other->GetDescriptor() == message->GetDescriptor()) {
        others.push_back(other);
      }
    }
    if (others.empty()) return;
    // One may be inside of the other.
    const std::string bytes = Any(others)->SerializePartialAsString();
    if (bytes.size() < 20'000) message->ParsePartialFromString(bytes);
  }

  pb::compiler::CodeGeneratorRequest* const request_;
  Random& random_;
};

}  // namespace

void Mutate(pb::compiler::CodeGeneratorRequest* request, Random* random) {
  const pb::LogSilencer quiet;  // of texts that are not UTF-8
  const size_t changes = 1 + random->Below(4);
  for (size_t i = 0; i < changes; ++i) Mutator(request, random).Mutate();
}

}  // namespace millrace::compiler
