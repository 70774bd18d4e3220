#include "contract/testing/random_message.h"

#include <limits>
#include <string>

namespace millrace {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

class Randomizer {
 public:
  Randomizer(std::mt19937* random, pb::Message* message)
      : random_(*random),
        message_(message),
        reflection_(message->GetReflection()) {}

  void Fill(int depth) {
    const pb::Descriptor* type = message_->GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      const bool nests = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
      if (Below(2) == 0 || (nests && depth == 0)) continue;
      // A big message many times over would take the time of all others.
      const int times =
          field->is_repeated() ? Below(nests && !field->is_map() ? 2 : 4) : 1;
      for (int j = 0; j < times; ++j) Set(field, depth);
    }
  }

 private:
  int Below(int bound) {
    return std::uniform_int_distribution<int>(0, bound - 1)(random_);
  }

  template <typename T>
  T Number() {
    switch (Below(5)) {
      case 0:
        return 0;
      case 1:
        return std::numeric_limits<T>::max();
      case 2:
        return std::numeric_limits<T>::lowest();
      case 3:  // one that is on the wire, though it equals zero
        return static_cast<T>(-0.0);
      default:
        return static_cast<T>(Below(1000));
    }
  }

  std::string Text(bool bytes) {
    std::string text(static_cast<size_t>(Below(4) * Below(30)), 'x');
    for (char& c : text) {
      c = static_cast<char>(bytes ? Below(256) : 'a' + Below(26));
    }
    return text;
  }

  // Sets the field, or adds an element to it.
  void Set(const FieldDescriptor* field, int depth) {
    const auto set = [&](auto setter, auto adder, auto value) {
      field->is_repeated() ? (reflection_->*adder)(message_, field, value)
                           : (reflection_->*setter)(message_, field, value);
    };
    using R = pb::Reflection;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return set(&R::SetInt32, &R::AddInt32, Number<int32_t>());
      case FieldDescriptor::CPPTYPE_INT64:
        return set(&R::SetInt64, &R::AddInt64, Number<int64_t>());
      case FieldDescriptor::CPPTYPE_UINT32:
        return set(&R::SetUInt32, &R::AddUInt32, Number<uint32_t>());
      case FieldDescriptor::CPPTYPE_UINT64:
        return set(&R::SetUInt64, &R::AddUInt64, Number<uint64_t>());
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return set(&R::SetDouble, &R::AddDouble, Number<double>());
      case FieldDescriptor::CPPTYPE_FLOAT:
        return set(&R::SetFloat, &R::AddFloat, Number<float>());
      case FieldDescriptor::CPPTYPE_BOOL:
        return set(&R::SetBool, &R::AddBool, Below(2) == 1);
      case FieldDescriptor::CPPTYPE_ENUM:  // a number without a name too
        return set(&R::SetEnumValue, &R::AddEnumValue,
                   Below(field->enum_type()->value_count() + 1));
      case FieldDescriptor::CPPTYPE_STRING:
        return set(&R::SetString, &R::AddString,
                   Text(field->type() == FieldDescriptor::TYPE_BYTES));
      case FieldDescriptor::CPPTYPE_MESSAGE:
        break;
    }
    pb::Message* nested = field->is_repeated()
                              ? reflection_->AddMessage(message_, field)
                              : reflection_->MutableMessage(message_, field);
    Randomizer(&random_, nested).Fill(depth - 1);
  }

  std::mt19937& random_;
  pb::Message* const message_;
  const pb::Reflection* const reflection_;
};

}  // namespace

void Randomize(std::mt19937* random, int depth, pb::Message* message) {
  Randomizer(random, message).Fill(depth);
}

}  // namespace millrace
