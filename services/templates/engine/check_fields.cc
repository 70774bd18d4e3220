#include "services/templates/engine/check_fields.h"

#include <string>
#include <string_view>
#include <utility>

#include "base/strings.h"
#include "base/suggest.h"
#include "millrace/v1/contract.pb.h"

namespace millrace::templates {
namespace {

namespace pb = google::protobuf;

// What is known of a context or a value.
struct Known {
  bool anything = false;                 // nothing is known of its members
  bool flag = false;                     // brings no context
  const pb::Descriptor* type = nullptr;  // else it has no members
};

const pb::FieldDescriptor* FieldOf(const pb::Descriptor& type,
                                   std::string_view name) {
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor* field = type.field(i);
    if ((field->name() == name || field->json_name() == name) &&
        !field->options().GetExtension(v1::sensitive)) {
      return field;
    }
  }
  return nullptr;
}

// Of a value of this type: of well-known ones what their JSON is.
Known OfType(const pb::Descriptor* type) {
  constexpr std::string_view kPackage = "google.protobuf.";
  if (type->full_name().rfind(kPackage, 0) != 0) return {.type = type};
  const std::string& name = type->name();
  if (name == "Struct" || name == "Value" || name == "ListValue" ||
      name == "Any") {
    return {.anything = true};
  }
  if (name == "BoolValue") return {.flag = true};
  return {};  // a text or a number
}

Known OfField(const pb::FieldDescriptor* field) {
  // A map has the members that its data has.
  if (field->is_map()) return {.anything = true};
  if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
    return OfType(field->message_type());
  }
  return {.flag = field->cpp_type() == pb::FieldDescriptor::CPPTYPE_BOOL &&
                  !field->is_repeated()};
}

class Checker {
 public:
  explicit Checker(const pb::Descriptor& root) : root_(OfType(&root)) {}

  void Check(const FieldRead& read, std::vector<Diagnostic>* found) const {
    std::vector<Known> contexts = {root_};
    for (const std::string& scope : read.scopes) {
      std::string wrong;
      const Known value = Resolve(contexts, scope, &wrong);
      // The section itself has been read, and was told of there.
      if (!wrong.empty()) return;
      if (!value.flag) contexts.push_back(value);
    }
    std::string wrong;
    Resolve(contexts, read.path, &wrong);
    if (!wrong.empty()) found->push_back({read.place, wrong, read.excerpt});
  }

 private:
  // What a path stands for; why it stands for nothing in `wrong`.
  static Known Resolve(const std::vector<Known>& contexts,
                       std::string_view path, std::string* wrong) {
    const std::string_view all = path;
    size_t outer = 0;
    while (path == ".." || path.substr(0, 3) == "../") {
      ++outer;
      path.remove_prefix(path.size() == 2 ? 2 : 3);
    }
    if (outer >= contexts.size()) {
      *wrong = StrCat("'", all, "' leaves the data");
      return {};
    }
    size_t from = contexts.size() - outer;  // one more than the context
    bool only = false;
    if (path.substr(0, 5) == "@root") {
      from = 1;
      path.remove_prefix(path.size() > 5 ? 6 : 5);
    } else if (path.substr(0, 1) == "@") {
      return {};
    } else if (path == "this" || path.substr(0, 5) == "this.") {
      only = true;
      path.remove_prefix(path.size() > 4 ? 5 : 4);
    }
    if (path.empty() || path == ".") return contexts[from - 1];
    const std::string_view first = path.substr(0, path.find('.'));
    std::vector<std::string> names;
    for (size_t i = from; i > 0; --i) {
      const Known& context = contexts[i - 1];
      if (context.anything) return context;
      if (context.type != nullptr) {
        const pb::FieldDescriptor* field = FieldOf(*context.type, first);
        if (field != nullptr) return Inside(field, path, wrong);
        AddNames(*context.type, &names);
      }
      if (only) break;
    }
    *wrong = StrCat("the data has no '", first, "'", DidYouMean(first, names));
    return {};
  }

  // The parts of `path` behind that of `field`.
  static Known Inside(const pb::FieldDescriptor* field, std::string_view path,
                      std::string* wrong) {
    Known value = OfField(field);
    for (size_t dot = path.find('.'); dot != path.npos; dot = path.find('.')) {
      path.remove_prefix(dot + 1);
      if (value.anything) return value;
      const std::string_view part = path.substr(0, path.find('.'));
      if (value.type == nullptr || field->is_repeated()) {
        *wrong = StrCat("'", field->name(), "' has no '", part, "': it is ",
                        field->is_repeated() ? "a list" : "a plain value");
        return {};
      }
      const pb::Descriptor* type = value.type;
      field = FieldOf(*type, part);
      if (field == nullptr) {
        std::vector<std::string> names;
        AddNames(*type, &names);
        *wrong = StrCat(type->full_name(), " has no field '", part, "'",
                        DidYouMean(part, names));
        return {};
      }
      value = OfField(field);
    }
    return value;
  }

  static void AddNames(const pb::Descriptor& type,
                       std::vector<std::string>* names) {
    for (int i = 0; i < type.field_count(); ++i) {
      const pb::FieldDescriptor* field = type.field(i);
      if (!field->options().GetExtension(v1::sensitive)) {
        names->push_back(field->name());
      }
    }
  }

  const Known root_;
};

}  // namespace

std::vector<Diagnostic> CheckFields(const std::vector<FieldRead>& fields,
                                    const pb::Descriptor& type) {
  const Checker checker(type);
  std::vector<Diagnostic> found;
  for (const FieldRead& field : fields) checker.Check(field, &found);
  return found;
}

}  // namespace millrace::templates
