#include "tools/contracts/proto_source.h"

#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "tools/contracts/contract_tree.h"

namespace millrace::contracts {
namespace {

namespace pb = google::protobuf;

bool IsStandard(const pb::FileDescriptor* file) {
  return file->package() == "google.protobuf";
}

const pb::Descriptor* Outermost(const pb::Descriptor* message) {
  while (message->containing_type() != nullptr) {
    message = message->containing_type();
  }
  return message;
}

class Printer {
 public:
  explicit Printer(const pb::Descriptor* root) : root_(root) {
    package_ = root->file()->package();
    Find(Outermost(root));
  }

  std::string Print() {
    std::string text = "syntax = \"proto3\";\n";
    if (!package_.empty()) StrAppend(&text, "\npackage ", package_, ";\n");
    if (!imports_.empty()) text += "\n";
    for (const std::string& import : imports_) {
      StrAppend(&text, "import \"", import, "\";\n");
    }
    for (const pb::Descriptor* message : messages_) {
      text += "\n";
      PrintMessage(message, "", &text);
    }
    for (const pb::EnumDescriptor* type : enums_) {
      text += "\n";
      PrintEnum(type, "", &text);
    }
    return text;
  }

 private:
  // Gives a top-level type its name here; false when it has one.
  template <typename Type>
  bool Name(const Type* type) {
    if (names_.count(type->full_name()) > 0) return false;
    std::string name = type->name();
    if (!taken_.insert(name).second) {
      name = absl::StrReplaceAll(type->full_name(), {{".", "_"}});
      taken_.insert(name);
    }
    names_[type->full_name()] = name;
    return true;
  }

  void Find(const pb::Descriptor* message) {
    if (IsStandard(message->file())) {
      imports_.insert(message->file()->name());
      return;
    }
    if (!Name(message)) return;
    messages_.push_back(message);
    FindUsed(message);
  }

  void FindUsed(const pb::Descriptor* message) {
    for (int i = 0; i < message->field_count(); ++i) {
      const pb::FieldDescriptor* field = message->field(i);
      if (field->message_type() != nullptr) {
        Find(Outermost(field->message_type()));
      } else if (const pb::EnumDescriptor* type = field->enum_type()) {
        if (IsStandard(type->file())) {
          imports_.insert(type->file()->name());
        } else if (type->containing_type() != nullptr) {
          Find(Outermost(type->containing_type()));
        } else if (Name(type)) {
          enums_.push_back(type);
        }
      }
    }
    for (int i = 0; i < message->nested_type_count(); ++i) {
      FindUsed(message->nested_type(i));
    }
  }

  // The comment without what other tools would take for an annotation.
  template <typename Type>
  void PrintComment(const Type* type, std::string_view margin,
                    std::string* out) {
    const std::string comment = CommentOf(type);
    if (comment.empty()) return;
    for (absl::string_view line : absl::StrSplit(comment, '\n')) {
      StrAppend(out, margin, "//", line.empty() ? "" : " ",
                absl::StrReplaceAll(line, {{"@", "(at)"}}), "\n");
    }
  }

  template <typename Type>
  std::string TypeName(const Type* type) {
    if (IsStandard(type->file())) return type->full_name();
    if (type->containing_type() == nullptr) return names_[type->full_name()];
    return StrCat(TypeName(type->containing_type()), ".", type->name());
  }

  std::string TypeOf(const pb::FieldDescriptor* field) {
    if (field->is_map()) {
      return StrCat("map<", TypeOf(field->message_type()->map_key()), ", ",
                    TypeOf(field->message_type()->map_value()), ">");
    }
    if (field->message_type() != nullptr)
      return TypeName(field->message_type());
    if (field->enum_type() != nullptr) return TypeName(field->enum_type());
    return field->type_name();
  }

  void PrintField(const pb::FieldDescriptor* field, const std::string& margin,
                  std::string* out) {
    PrintComment(field, margin, out);
    std::string_view label;
    if (field->is_repeated() && !field->is_map()) label = "repeated ";
    if (field->has_optional_keyword()) label = "optional ";
    StrAppend(out, margin, label, TypeOf(field), " ", field->name(), " = ",
              field->number(), ";\n");
  }

  void PrintMessage(const pb::Descriptor* message, const std::string& margin,
                    std::string* out) {
    PrintComment(message, margin, out);
    if (message == root_ && messages_.size() > 1) {
      StrAppend(out, margin, "// @RootNode\n");
    }
    StrAppend(out, margin, "message ",
              margin.empty() ? names_[message->full_name()] : message->name(),
              " {\n");
    const std::string inside = margin + "  ";
    for (int i = 0; i < message->nested_type_count(); ++i) {
      if (message->nested_type(i)->options().map_entry()) continue;
      PrintMessage(message->nested_type(i), inside, out);
    }
    for (int i = 0; i < message->enum_type_count(); ++i) {
      PrintEnum(message->enum_type(i), inside, out);
    }
    std::set<const pb::OneofDescriptor*> printed;
    for (int i = 0; i < message->field_count(); ++i) {
      const pb::FieldDescriptor* field = message->field(i);
      const pb::OneofDescriptor* oneof = field->real_containing_oneof();
      if (oneof == nullptr) {
        PrintField(field, inside, out);
      } else if (printed.insert(oneof).second) {
        StrAppend(out, inside, "oneof ", oneof->name(), " {\n");
        for (int j = 0; j < oneof->field_count(); ++j) {
          PrintField(oneof->field(j), inside + "  ", out);
        }
        StrAppend(out, inside, "}\n");
      }
    }
    StrAppend(out, margin, "}\n");
  }

  void PrintEnum(const pb::EnumDescriptor* type, const std::string& margin,
                 std::string* out) {
    PrintComment(type, margin, out);
    StrAppend(out, margin, "enum ",
              margin.empty() ? names_[type->full_name()] : type->name(),
              " {\n");
    if (type->options().allow_alias()) {
      StrAppend(out, margin, "  option allow_alias = true;\n");
    }
    for (int i = 0; i < type->value_count(); ++i) {
      PrintComment(type->value(i), margin + "  ", out);
      StrAppend(out, margin, "  ", type->value(i)->name(), " = ",
                type->value(i)->number(), ";\n");
    }
    StrAppend(out, margin, "}\n");
  }

  const pb::Descriptor* const root_;
  std::string package_;
  std::set<std::string> imports_;
  std::map<std::string, std::string> names_;  // by full name
  std::set<std::string> taken_;
  std::vector<const pb::Descriptor*> messages_;
  std::vector<const pb::EnumDescriptor*> enums_;
};

}  // namespace

std::string ProtoSource(const pb::Descriptor* message) {
  return Printer(message).Print();
}

}  // namespace millrace::contracts
