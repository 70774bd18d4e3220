#include "tools/protoc-gen-millrace/derive_extend.h"

#include "base/strings.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;

std::string NameOf(const pb::FieldDescriptor* field) {
  return StrCat(field->containing_type()->full_name(), ".", field->name());
}

// What two different fields must not share, or "".
std::string Shared(const pb::FieldDescriptor* a, const pb::FieldDescriptor* b) {
  if (a->number() == b->number()) return StrCat("number ", a->number());
  if (a->name() == b->name()) return StrCat("name '", a->name(), "'");
  if (a->json_name() == b->json_name()) {
    return StrCat("JSON name '", a->json_name(), "'");
  }
  return "";
}

// The oneof or field of `a` whose name is that of a oneof of `b`, or the other
// way round; "" when there is none.
std::string SharedOneof(const pb::FieldDescriptor* a,
                        const pb::FieldDescriptor* b) {
  const pb::OneofDescriptor* one = a->real_containing_oneof();
  const pb::OneofDescriptor* other = b->real_containing_oneof();
  if (one == other) return "";
  if (one != nullptr && (b->name() == one->name() ||
                         (other != nullptr && other->name() == one->name()))) {
    return one->name();
  }
  return other != nullptr && a->name() == other->name() ? other->name() : "";
}

class Adder {
 public:
  Adder(const std::string& name, const Place& place, Diagnostics* diagnostics)
      : name_(name), place_(place), diagnostics_(diagnostics) {}

  // Whether the fields can stand side by side.
  bool Check(const pb::FieldDescriptor* a, const pb::FieldDescriptor* b) {
    if (const std::string shared = Shared(a, b); !shared.empty()) {
      Refuse(a, b, StrCat("two fields with the ", shared));
      return false;
    }
    if (const std::string shared = SharedOneof(a, b); !shared.empty()) {
      Refuse(a, b, StrCat("the name '", shared, "', which is a oneof, twice"));
      return false;
    }
    return true;
  }

 private:
  void Refuse(const pb::FieldDescriptor* a, const pb::FieldDescriptor* b,
              const std::string& what) {
    diagnostics_->Error(
        place_,
        StrCat(name_, " would have ", what, ": ", NameOf(a), " and ",
               NameOf(b)),
        StrCat("they are declared at ", Place::Of(a).ToString(), " and ",
               Place::Of(b).ToString()),
        StrCat("change one of them, or leave it out: {omit: {message: \"",
               b->containing_type()->full_name(), "\" fields: [\"", b->name(),
               "\"]}}"));
  }

  const std::string& name_;
  const Place& place_;
  Diagnostics* const diagnostics_;
};

}  // namespace

bool AddFields(const std::vector<DerivedField>& more, const std::string& name,
               const Place& place, Diagnostics* diagnostics,
               std::vector<DerivedField>* fields) {
  Adder adder(name, place, diagnostics);
  bool good = true;
  const size_t before = fields->size();
  for (const DerivedField& field : more) {
    bool fits = true;
    for (size_t i = 0; i < before && fits; ++i) {
      DerivedField& there = (*fields)[i];
      if (there.source == field.source) {
        there.partial &= field.partial;
        fits = false;
      } else if (!adder.Check(there.source, field.source)) {
        good = fits = false;
      }
    }
    if (fits) fields->push_back(field);
  }
  return good;
}

}  // namespace millrace::compiler
